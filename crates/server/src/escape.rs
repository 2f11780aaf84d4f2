//! How text is percent-encoded in what is written here.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// All but what RFC 3986 calls unreserved.
pub(crate) const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
