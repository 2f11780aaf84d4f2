//! A look at a file before the engine gets it: is it a redb file, is it whole, who holds it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::device::Device;
use crate::error::StoreError;

/// First bytes of every redb file.
const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
/// The length of the header and both commit slots.
const HEADER: usize = 320;
/// The page that holds them.
const PAGE: u64 = 4_096;
/// Bit of the byte after the magic: the file was not closed cleanly.
const RECOVERY: u8 = 2;

/// Checks magic and length of the file at `path`.
pub(crate) fn file(path: &Path) -> Result<(), StoreError> {
    let io = |error| StoreError::io("reading", path, error);
    let mut file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.is_dir() {
        return Err(not_filedex(path, "it is a folder"));
    }
    let mut head = Vec::with_capacity(HEADER);
    match file.by_ref().take(HEADER as u64).read_to_end(&mut head) {
        Ok(_) => check(path, &head, metadata.len()),
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            Err(not_filedex(path, "it is a folder"))
        }
        Err(error) => Err(io(error)),
    }
}

/// Checks magic and length of a device; an empty one is fine, and will be a new database.
pub(crate) fn device(device: &dyn Device, path: &Path) -> Result<(), StoreError> {
    let io = |error| StoreError::io("reading", path, error);
    let length = device.len().map_err(io)?;
    if length == 0 {
        return Ok(());
    }
    let mut head = vec![0; HEADER.min(usize::try_from(length).unwrap_or(HEADER))];
    device.read(0, &mut head).map_err(io)?;
    check(path, &head, length)
}

fn check(path: &Path, head: &[u8], length: u64) -> Result<(), StoreError> {
    if head.is_empty() {
        return Err(not_filedex(path, "it is empty"));
    }
    if !head.starts_with(&MAGIC) {
        return Err(not_filedex(path, "it does not start as one does"));
    }
    let expected = promised_length(head).unwrap_or(2 * PAGE);
    if length < expected {
        return Err(StoreError::Truncated { path: path.to_owned(), length, expected });
    }
    Ok(())
}

/// The length a cleanly closed file says it has. After a crash the length in the header may lag
/// behind, so there only the least possible length counts.
fn promised_length(head: &[u8]) -> Option<u64> {
    let number = |at: usize| {
        let bytes = head.get(at..at + 4)?.first_chunk::<4>()?;
        Some(u64::from(u32::from_le_bytes(*bytes)))
    };
    if head.get(MAGIC.len())? & RECOVERY != 0 {
        return None;
    }
    let (page, header, full) = (number(12)?, number(16)?, number(20)?);
    let (regions, trailing) = (number(24)?, number(28)?);
    let last = if trailing > 0 { header + trailing } else { 0 };
    regions.checked_mul(header + full)?.checked_add(last + 1)?.checked_mul(page)
}

fn not_filedex(path: &Path, reason: &'static str) -> StoreError {
    StoreError::NotFiledex { path: path.to_owned(), reason }
}

/// The process that holds a lock on the file, where the system tells: Linux does.
#[cfg(target_os = "linux")]
pub(crate) fn holder(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::metadata(path).ok()?;
    let (dev, inode) = (metadata.dev(), metadata.ino());
    let major = (dev >> 8 & 0xfff) | (dev >> 32 & 0xffff_f000);
    let minor = (dev & 0xff) | (dev >> 12 & 0xffff_ff00);
    let exact = format!("{major:02x}:{minor:02x}:{inode}");
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid_where = |wanted: &dyn Fn(&str) -> bool| {
        // 1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF
        locks.lines().find_map(|line| {
            let mut fields = line.split_whitespace().skip(4);
            let pid = fields.next()?.parse::<u32>().ok().filter(|pid| *pid > 0)?;
            wanted(fields.next()?).then_some(pid)
        })
    };
    // Some file systems show another device number there; the inode then has to do.
    let same_inode = format!(":{inode}");
    pid_where(&|place| place == exact).or_else(|| pid_where(&|place| place.ends_with(&same_inode)))
}

/// The process that holds a lock on the file, where the system tells.
#[cfg(not(target_os = "linux"))]
pub(crate) fn holder(_path: &Path) -> Option<u32> {
    None
}
