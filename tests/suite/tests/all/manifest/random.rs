//! Random offers as files, with every part that an Azure application may have.

use super::Folder;
use partner_ingestion_sdk::{Apply, OfferManifest};
use partner_tests::document::CORRECTED;
use partner_tests::offer::zip;
use partner_tests::random_instance::InstanceGenerator;
use partner_tests::sample::Sampler;
use serde_json::{Map, Value, json};

/// The properties that no manifest has, at any depth.
const ASSIGNED: [&str; 4] = ["@odata.etag", "fileSasUri", "validationResults", "validationItems"];
/// The secrets, and the variables that exports read them from.
const SECRETS: [(&str, &str); 8] = [
    ("applicationKey", "APPLICATION_KEY"),
    ("azureActiveDirectoryApplicationKey", "AZURE_ACTIVE_DIRECTORY_APPLICATION_KEY"),
    ("connectionString", "CONNECTION_STRING"),
    ("hideKeyAudience", "HIDE_KEY_AUDIENCE"),
    ("httpsEndpointUri", "HTTPS_ENDPOINT_URI"),
    ("packageLocationUri", "PACKAGE_LOCATION_URI"),
    ("password", "PASSWORD"),
    ("publisherDefinedSasUri", "PUBLISHER_DEFINED_SAS_URI"),
];
/// The keys of a property that is a list of secrets, in this order.
const HIDE_KEYS: [&str; 2] = ["HIDE_KEYS_1", "HIDE_KEYS_2"];

const LANGUAGES: [&str; 4] = ["en-us", "de-de", "fr-fr", "pt-br"];
const LEADS: [&str; 6] = [
    "AzureBlobLeadConfiguration",
    "AzureTableLeadConfiguration",
    "DynamicsCustomerRelationshipManagementLeadConfiguration",
    "HttpsEndpointLeadConfiguration",
    "MarketoLeadConfiguration",
    "SalesForceLeadConfiguration",
];
const IMAGES: [&str; 4] = ["AzureLogoSmall", "AzureLogoLarge", "AzureScreenshot", "AzureScreenshot"];

/// Sets the values of all secrets.
pub(super) fn with_secrets(apply: Apply) -> Apply {
    let names = SECRETS.iter().map(|(_, variable)| *variable).chain(HIDE_KEYS);
    names.fold(apply, |apply, name| apply.secret(name, format!("value of {name}")))
}

/// How much a random offer has at most.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) languages: usize,
    pub(super) plans: usize,
    pub(super) files: usize,
}

impl Size {
    pub(super) const FULL: Self = Self { languages: 4, plans: 4, files: 3 };
}

/// A random offer in a folder.
pub(super) struct RandomOffer {
    pub(super) folder: Folder,
    pub(super) json: Value,
}

impl RandomOffer {
    /// The same seed gives the same offer.
    pub(super) fn new(name: &str, seed: u64, size: Size) -> Self {
        let folder = Folder::new(&format!("{name}-{seed}"));
        let random = InstanceGenerator::new(&CORRECTED, seed);
        // Seeds that are close give xorshift similar first numbers.
        let mut dice = Sampler::new(&CORRECTED, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (0..8).for_each(|_| {
            dice.below(2);
        });
        let mut generator = Generator { random, dice, folder: &folder, names: 0 };
        let json = generator.offer(seed, size);
        Self { folder, json }
    }

    pub(super) fn manifest(&self) -> OfferManifest {
        let text = serde_json::to_string_pretty(&self.json).unwrap();
        let manifest = OfferManifest::from_json("offer.json", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        manifest.with_folder(self.folder.path())
    }
}

struct Generator<'f> {
    random: InstanceGenerator<'static>,
    dice: Sampler<'static>,
    folder: &'f Folder,
    names: usize,
}

impl Generator<'_> {
    fn chance(&mut self, percent: usize) -> bool {
        self.dice.below(100) < percent
    }

    fn offer(&mut self, seed: u64, size: Size) -> Value {
        let mut offer = Map::new();
        offer.insert("offerId".to_owned(), format!("offer-{seed}").into());
        offer.insert("type".to_owned(), "AzureApplication".into());
        offer.insert("name".to_owned(), "Random \"offer\": no. 1 #".into());
        for (key, schema) in [
            ("setup", "AzureProductSetup"),
            ("property", "AzureProperty"),
            ("previewAudience", "ProductAvailability"),
            ("configuration", "AzureApplicationPackageConfiguration"),
            ("cosell", "CosellListing"),
            ("supplementalContent", "SupplementalContent"),
            ("reseller", "ResellerConfiguration"),
        ] {
            if self.chance(80) {
                offer.insert(key.to_owned(), self.part(schema));
            }
        }
        if let Some(reseller) = offer.get_mut("reseller") {
            reseller["resellerChannelState"] = "PartialOptIn".into();
        }
        if let Some(cosell) = offer.get_mut("cosell") {
            cosell["documents"] = self.files("CosellAsset", "cosell", size.files);
        }
        if self.chance(90) {
            let kind = LEADS[self.dice.below(LEADS.len())];
            let mut leads = self.part(kind);
            leads["resourceType"] = kind.into();
            offer.insert("leads".to_owned(), leads);
        }
        let mut listings = Map::new();
        for language in &LANGUAGES[..1 + self.dice.below(size.languages)] {
            listings.insert((*language).to_owned(), self.listing(language, size));
        }
        offer.insert("listings".to_owned(), listings.into());
        let packages = [self.package(), self.package()];
        let mut plans = Map::new();
        for number in 0..self.dice.below(size.plans + 1) {
            plans.insert(format!("plan-{number}"), self.plan(size, &packages));
        }
        if size.plans > 0 && self.chance(30) {
            let mut drive = self.part("AzureTestDriveVariant");
            drive["resourceType"] = "AzureTestDriveVariant".into();
            drive["friendlyName"] = "Test drive".into();
            drive["configuration"] = self.part("AzureSolutionTemplatePackageConfiguration");
            plans.insert("testdrive".to_owned(), drive);
        }
        offer.insert("plans".to_owned(), plans.into());
        if let Some(content) = offer.get_mut("supplementalContent") {
            content["documents"] = self.files("SupplementalContentAsset", "certification", size.files);
        }
        offer.into()
    }

    fn listing(&mut self, language: &str, size: Size) -> Value {
        let mut listing = self.part("AzureListing");
        if self.chance(80) {
            let mut images = Vec::new();
            for kind in &IMAGES[..self.dice.below(size.files.min(IMAGES.len() - 1) + 2)] {
                let mut image = self.part("ListingImage");
                image["type"] = (*kind).into();
                image["file"] = self.file(&format!("{language}/images"), "png", b"\x89PNG").into();
                images.push(image);
            }
            listing["images"] = images.into();
        }
        if self.chance(50) {
            listing["documents"] = self.files("ListingAsset", language, size.files);
        }
        if self.chance(50) {
            let videos = (0..self.dice.below(size.files + 1)).map(|number| self.video(language, number)).collect();
            listing["videos"] = Value::Array(videos);
        }
        listing
    }

    fn video(&mut self, language: &str, number: usize) -> Value {
        let mut video = self.part("ListingVideo");
        if self.chance(30) {
            video["file"] = self.file(&format!("{language}/videos"), "mp4", b"").into();
            return video;
        }
        video["streamingUri"] = format!("https://video.example/{language}/{number}").into();
        if self.chance(70) {
            let mut thumbnail = self.part("ListingVideoThumbnail");
            thumbnail["file"] = self.file(&format!("{language}/thumbnails"), "png", b"\x89PNG").into();
            video["thumbnail"] = thumbnail;
        }
        video
    }

    fn plan(&mut self, size: Size, packages: &[Value]) -> Value {
        let (sub_type, configuration) = match self.dice.below(2) {
            0 => ("managed-application", "AzureManagedApplicationPackageConfiguration"),
            _ => ("solution-template", "AzureSolutionTemplatePackageConfiguration"),
        };
        let mut plan = self.part("AzureSkuVariant");
        plan["subType"] = sub_type.into();
        plan["friendlyName"] = "A plan".into();
        let listings = &LANGUAGES[..1 + self.dice.below(size.languages.min(2))];
        plan["listings"] =
            listings.iter().map(|code| ((*code).to_owned(), self.part("AzureListing"))).collect::<Map<_, _>>().into();
        plan["availability"] = self.part("FeatureAvailability");
        if self.chance(80) {
            plan["configuration"] = self.part(configuration);
        }
        if self.chance(80) {
            plan["package"] = packages[self.dice.below(packages.len())].clone();
        }
        plan
    }

    /// A package that several plans may share.
    fn package(&mut self) -> Value {
        let mut package = self.part("AzurePackage");
        package["file"] = self.file("packages", "zip", &zip(&["mainTemplate.json"])).into();
        package
    }

    fn files(&mut self, schema: &str, folder: &str, most: usize) -> Value {
        let files = (0..self.dice.below(most + 1)).map(|_| {
            let mut file = self.part(schema);
            file["file"] = self.file(&format!("{folder}/documents"), "pdf", b"%PDF").into();
            file
        });
        Value::Array(files.collect())
    }

    /// Writes a file and returns its path.
    fn file(&mut self, folder: &str, extension: &str, start: &[u8]) -> String {
        self.names += 1;
        let mut content = start.to_vec();
        let length = [0, 1, 1000, 5000][self.dice.below(4)];
        content.extend((0..length).map(|_| u8::try_from(self.dice.below(256)).unwrap()));
        content.extend(self.names.to_le_bytes());
        let name = ["file", "a file (1)", "\u{fc}ber", "a+b%20c"][self.dice.below(4)];
        let path = format!("{folder}/{name}-{}.{extension}", self.names);
        let full = self.folder.path().join(&path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, content).unwrap();
        path
    }

    /// A random resource without what a manifest does not have.
    fn part(&mut self, name: &str) -> Value {
        let mut part = self.random.generate(schema(name), false).expected;
        clean(&mut part);
        let omitted = [
            "id",
            "languageCode",
            "fileName",
            "fileSize",
            "isCertified",
            "isEmpty",
            "state",
            "submissionVersion",
            "assetReferences",
            "thumbnail",
            "assets",
            "assetID",
            "externalID",
            "leadGenID",
            "referenceVariantID",
            "resourceType",
            "packageReferences",
        ];
        let keeps_state = name.ends_with("Variant");
        let fields = part.as_object_mut().unwrap();
        fields.retain(|key, _| !omitted.contains(&key.as_str()) || keeps_state && key == "state");
        part
    }
}

fn schema(name: &str) -> &'static Value {
    let schemas = CORRECTED["components"]["schemas"].as_object().unwrap();
    schemas.iter().find(|(key, _)| key.ends_with(&format!(".{name}"))).unwrap_or_else(|| panic!("no {name}")).1
}

/// Removes what the service assigns or rejects, and replaces secrets by references.
fn clean(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, value| !ASSIGNED.contains(&key.as_str()) && !is_unknown(value));
            for (key, value) in fields {
                if let Some((_, variable)) = SECRETS.iter().find(|(secret, _)| secret == key) {
                    *value = json!({"env": variable});
                } else if key == "hideKeys" {
                    let count = value.as_array().map_or(0, Vec::len);
                    *value = HIDE_KEYS[..count].iter().map(|variable| json!({"env": variable})).collect();
                } else {
                    clean(value);
                }
            }
        }
        Value::Array(items) => {
            items.retain(|item| !is_unknown(item));
            items.iter_mut().for_each(clean);
        }
        _ => {}
    }
}

/// Values that the sandbox rejects.
fn is_unknown(value: &Value) -> bool {
    value == "UnknownValue" || value == "UnknownType"
}
