//! The query as signatures see it: decoded to bytes, in the order of names.

use percent_encoding::percent_decode;

/// The name and the value of a parameter, decoded. Bytes, not text: text would make one of several
/// encodings that are no UTF-8, and a signature for one would fit the others.
pub type Parameter = (Vec<u8>, Vec<u8>);

/// The parameters of a query as it was sent, sorted by name; those of one name stay in their order.
pub fn sorted(query: Option<&str>) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    parameters.sort_by(|left, right| left.0.cmp(&right.0));
    parameters
}

/// Forms write a blank as `+`.
fn decode(text: &str) -> Vec<u8> {
    let text: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&text).collect()
}
