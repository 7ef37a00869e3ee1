//! Reads the sizes of images and the members of archives.

/// The beginning of a file, and its full length.
#[derive(Clone, Copy)]
pub(crate) struct File<'m> {
    pub(crate) beginning: &'m [u8],
    pub(crate) length: usize,
}

impl File<'_> {
    /// Returns width and height of a PNG file.
    pub(super) fn png_size(&self) -> Option<(u32, u32)> {
        let header = self.beginning.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
        let size = header.get(4..)?.strip_prefix(b"IHDR")?;
        let number = |at: usize| Some(u32::from_be_bytes(size.get(at..at + 4)?.try_into().ok()?));
        Some((number(0)?, number(4)?))
    }

    /// Returns true if the whole file is known. The end of a large one is not kept.
    pub(super) fn is_whole(&self) -> bool {
        self.beginning.len() == self.length
    }

    /// Returns names and uncompressed sizes of a zip archive's members, from its central directory.
    pub(super) fn zip_members(&self) -> Option<Vec<(String, usize)>> {
        const END: &[u8] = b"PK\x05\x06";
        const ENTRY: &[u8] = b"PK\x01\x02";
        let bytes = self.beginning;
        let end = bytes.windows(END.len()).rposition(|window| window == END)?;
        let short = |at: usize| Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
        let long = |at: usize| usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok();
        let (count, mut at) = (short(end + 10)?, long(end + 16)?);
        let mut members = Vec::new();
        for _ in 0..count {
            bytes.get(at..)?.strip_prefix(ENTRY)?;
            let (name, extra, comment) = (short(at + 28)?, short(at + 30)?, short(at + 32)?);
            let text = String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned();
            members.push((text, long(at + 24)?));
            at += 46 + name + extra + comment;
        }
        Some(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File<'_> {
        File { beginning: bytes, length: bytes.len() }
    }

    #[test]
    fn size_of_a_png() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x5e\0\0\0\x5a\x08\x02";
        assert_eq!(file(png).png_size(), Some((350, 90)));
        for other in [&b""[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 a JPEG file", &png[..20]] {
            assert_eq!(file(other).png_size(), None);
        }
    }

    #[test]
    fn members_of_an_archive() {
        let entry = |name: &str, at: &mut Vec<u8>| {
            at.extend_from_slice(b"PK\x01\x02");
            at.extend_from_slice(&[0; 20]);
            at.extend_from_slice(&0x0102_0304_u32.to_le_bytes());
            at.extend_from_slice(&u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
            at.extend_from_slice(&[0; 16]);
            at.extend_from_slice(name.as_bytes());
        };
        let mut zip = b"PK\x03\x04 the file".to_vec();
        let start = u32::try_from(zip.len()).unwrap_or(0);
        entry("mainTemplate.json", &mut zip);
        entry("a/b.json", &mut zip);
        zip.extend_from_slice(b"PK\x05\x06\0\0\0\0\x02\0\x02\0\0\0\0\0");
        zip.extend_from_slice(&start.to_le_bytes());
        zip.extend_from_slice(&[0; 2]);
        let expected = ["mainTemplate.json", "a/b.json"].map(|name| (name.to_owned(), 0x0102_0304));
        assert_eq!(file(&zip).zip_members(), Some(expected.to_vec()));
        assert_eq!(file(b"PK mainTemplate.json").zip_members(), None, "a text that begins as an archive does");
        assert_eq!(file(&zip[..zip.len() - 3]).zip_members(), None);
    }
}
