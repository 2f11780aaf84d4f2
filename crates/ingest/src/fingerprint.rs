//! Fingerprints of content.

use std::io::{self, Read};

use md5::{Digest, Md5};

const PIECE_BYTES: usize = 256 << 10;

/// Two fingerprints of one content, in lower-case hex.
///
/// ```
/// use filedex_ingest::Fingerprints;
/// let prints = Fingerprints::of(&mut "abc".as_bytes())?;
/// assert_eq!(prints.md5, "900150983cd24fb0d6963f7d28e17f72");
/// assert!(prints.blake3.starts_with("6437b3ac38465133"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    /// MD5: what the services call a file's fingerprint. It finds, and proves nothing.
    pub md5: String,
    /// BLAKE3, 256 bits.
    pub blake3: String,
    /// Bytes that were read.
    pub length: u64,
}

impl Fingerprints {
    /// Reads to the end.
    ///
    /// # Errors
    /// Those of reading.
    pub fn of(input: &mut impl Read) -> io::Result<Self> {
        let (mut md5, mut blake3, mut length) = (Md5::new(), blake3::Hasher::new(), 0);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match input.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    md5.update(&piece[..read]);
                    blake3.update(&piece[..read]);
                    length += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let md5 = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { md5, blake3: blake3.finalize().to_hex().to_string(), length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, and the test vectors of BLAKE3 (bytes that count 0 to 250 and begin again).
    #[test]
    fn published_values() {
        let counted: Vec<u8> = (0..=250).cycle().take(102_400).collect();
        let of = |bytes: &[u8]| Fingerprints::of(&mut &bytes[..]).unwrap();
        assert_eq!(of(b"").md5, "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(of(b"message digest").md5, "f96b697d7cb7938d525a2f31aaf161d0");
        assert!(of(b"").blake3.starts_with("af1349b9f5f9a1a6a0404dea36dcc949"));
        assert!(of(&counted[..1]).blake3.starts_with("2d3adedff11b61f14c886e35afa03673"));
        assert!(of(&counted).blake3.starts_with("bc3e3d41a1146b069abffad3c0d44860"));
        assert_eq!(of(&counted).length, 102_400);
    }
}
