//! How a database is opened.

/// Options of [`Store::create`](crate::Store::create) and its siblings.
///
/// ```
/// use filedex_store::{Durability, Options};
/// let options = Options { durability: Durability::Eventual, ..Options::default() };
/// assert_eq!(options.cache_bytes, 128 * 1024 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Memory for pages of the file, in bytes. Default: 128 MiB.
    pub cache_bytes: usize,
    /// When a commit is on the disk. Default: [`Durability::Durable`].
    pub durability: Durability,
    /// Whether commits prepare for a quick recovery. Default: [`QuickRepair::Auto`].
    pub quick_repair: QuickRepair,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 128 * 1024 * 1024,
            durability: Durability::default(),
            quick_repair: QuickRepair::default(),
        }
    }
}

/// When a commit is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the commit returns: it survives a crash of the process and of the machine.
    #[default]
    Durable,
    /// With the next durable commit, or when the last handle is dropped.
    ///
    /// Until then the commit is visible to every handle of this process, but **neither a killed
    /// process nor a power cut leaves it in the file**: the database reopens at the last durable
    /// commit, whole and consistent. The space that such commits free is not reused before the
    /// next durable one, so make one now and then.
    Eventual,
}

/// Whether each durable commit also stores what a reopening after a crash needs.
///
/// Without it, opening a database that was not closed cleanly reads all of it: about 1 to 2 s for
/// each GB. With it that open takes some 10 ms, and each durable commit costs one more sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuickRepair {
    /// On once the file is larger than [`QuickRepair::AUTO_BYTES`].
    #[default]
    Auto,
    /// Always on.
    On,
    /// Always off.
    Off,
}

impl QuickRepair {
    /// The file length, 256 MiB, above which [`QuickRepair::Auto`] is on.
    pub const AUTO_BYTES: u64 = 256 * 1024 * 1024;

    pub(crate) fn applies(self, file_length: u64) -> bool {
        match self {
            Self::Auto => file_length > Self::AUTO_BYTES,
            Self::On => true,
            Self::Off => false,
        }
    }
}
