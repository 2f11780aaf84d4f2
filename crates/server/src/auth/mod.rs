//! Who sends a request: signed requests as PAI's and PDS's clients make them, and bearer tokens.
//!
//! A request, the moment it came, and the keys give an answer; the clock is not read here. The only
//! state is the memory of nonces that were used.

mod acs3;
mod bearer;
mod denied;
mod field;
mod hmac_sha1;
mod keys;
mod keys_file;
mod parameters;
mod replay;
mod verifier;
mod window;

pub use denied::Denied;
pub use keys::{AccessKey, BearerToken, Keys};
pub use keys_file::KeysError;
pub use verifier::{Presented, Principal, Verifier};
