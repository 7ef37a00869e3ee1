//! A rule of publishing. `generated/rules.rs` has all of them.

/// A rule about a resource. Rules about deletion, and about what never changes, are left out: the checks write nothing.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) of: Scope,
    pub(crate) type_name: &'static str,
    pub(crate) select: Option<Select>,
    /// The path of the property. Empty if the rule is about the resources themselves.
    pub(crate) path: &'static [Step],
    pub(crate) condition: Option<Condition>,
    /// Whether all values of a resource are counted together.
    pub(crate) across: bool,
    pub(crate) check: Check,
    /// The page of the portal's documentation.
    pub(crate) source: &'static str,
}

/// Which resources are checked together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scope {
    /// Those of the offer itself.
    Offer,
    /// Those of each plan.
    Plan,
    /// Those of all plans.
    Plans,
}

#[derive(Debug)]
pub(crate) struct Step {
    /// `*` is every property.
    pub(crate) name: &'static str,
    pub(crate) select: Option<Select>,
}

/// Selects objects by the value of a property, or of an item of it.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) property: &'static str,
    pub(crate) value: &'static str,
}

/// When the rule holds.
#[derive(Debug)]
pub(crate) struct Condition {
    /// The property is the plan's, not the resource's.
    pub(crate) variant: bool,
    pub(crate) select: Select,
    /// The rule holds for every other value.
    pub(crate) unless: bool,
}

#[derive(Debug)]
pub(crate) enum Check {
    Required,
    Count {
        min: u64,
        max: Option<u64>,
    },
    MaxLength {
        max: u64,
    },
    Format(Format),
    OneOf(&'static [&'static str]),
    Unique,
    /// These values stay if they were published. Empty for every value.
    KeepsPublished(&'static [&'static str]),
    /// The version is above the published one if anything else changed.
    Raised,
}

/// A rule about the content of a file.
#[derive(Debug)]
pub(crate) struct FileRule {
    pub(crate) id: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) select: Option<Select>,
    pub(crate) check: FileCheck,
    /// The page of the portal's documentation.
    pub(crate) source: &'static str,
}

#[derive(Debug)]
pub(crate) enum FileCheck {
    /// A PNG file. Sizes are the smallest and the largest number of pixels.
    Image { width: (u32, u32), height: (u32, u32), square: bool },
    /// A zip file of at most `max` bytes with these members at its root. No member has more than `member_max` bytes uncompressed.
    Archive { max: u64, member_max: u64, members: &'static [&'static str] },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    Guid,
    Https,
    NoEmoji,
    OneLine,
    PlainText,
    Slug,
    Version,
    YoutubeOrVimeo,
}
