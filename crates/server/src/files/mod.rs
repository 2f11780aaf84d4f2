//! Files behind links: local files below served folders, thumbnails of them, and presigned OSS
//! addresses.
//!
//! - [`Roots`] opens files, and only below the folders that the server was told of.
//! - [`LinkSigner`] makes and checks the links that lead to them.
//! - [`respond`] streams an opened file as an HTTP answer; [`thumbnail()`] makes a small picture of it.
//! - [`OssSigner`] makes links to objects that the server itself never reads.
//!
//! Nothing here knows datasets or records: ids are opaque text, and a URI is all that names a file.

mod link;
mod oss;
mod resize;
mod roots;
mod stream;
mod thumbnail;

pub use link::{LinkError, LinkSigner, Purpose, Target};
pub use oss::{OssAccount, OssError, OssSigner};
pub use roots::{FileError, Opened, Roots};
pub use stream::respond;
pub use thumbnail::{Thumbnail, ThumbnailError, ThumbnailLimits, thumbnail};
