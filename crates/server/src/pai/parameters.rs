//! Query strings: each parameter once, arrays comma-joined, empty means absent.

use std::collections::BTreeMap;
use std::str::FromStr;

use filedex::{Order, Timestamp};
use percent_encoding::percent_decode_str;

use super::{bad, missing};
use crate::fault::Fault;

/// The parameters of a request, those that are empty left out.
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Reads a query string in which these names are known.
    pub fn read(raw: Option<&str>, known: &[&'static str]) -> Result<Self, Fault> {
        let mut found = BTreeMap::new();
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let Some(known) = known.iter().find(|known| **known == name) else {
                return Err(bad(unknown(&name, known)));
            };
            if found.insert(*known, value).is_some() {
                return Err(bad(format!(
                    "{known} is given twice; join the items of a list by commas"
                )));
            }
        }
        found.retain(|_, value| !value.is_empty());
        Ok(Self(found))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A text as a value of its own.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A text that is needed.
    pub fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// The items of a list; those that are empty are left out.
    pub fn list(&self, name: &str) -> Vec<String> {
        let items = self.text(name).into_iter().flat_map(|items| items.split(','));
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// A value that is read from text; `right` says what would be one.
    pub fn parsed<T: FromStr>(&self, name: &str, right: &str) -> Result<Option<T>, Fault> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| bad(format!("{name} is {text:?}; it is {right}"))))
            .transpose()
    }

    /// A whole number from 1 to `most`.
    pub fn count(&self, name: &str, most: u32) -> Result<Option<u32>, Fault> {
        let right = format!("a number from 1 to {most}");
        match self.parsed::<u32>(name, &right)? {
            Some(number) if number == 0 || number > most => {
                Err(bad(format!("{name} is {number}; it is {right}")))
            }
            number => Ok(number),
        }
    }

    /// Order.
    pub fn order(&self) -> Result<Option<Order>, Fault> {
        match self.text("Order") {
            None => Ok(None),
            Some("ASC") => Ok(Some(Order::Asc)),
            Some("DESC") => Ok(Some(Order::Desc)),
            Some(other) => Err(bad(format!("Order is {other:?}; it is ASC or DESC"))),
        }
    }

    /// Whether a list is absent, or has this value.
    pub fn admits(&self, name: &str, value: Option<&str>) -> bool {
        let asked = self.list(name);
        asked.is_empty() || value.is_some_and(|value| asked.iter().any(|one| one == value))
    }

    /// A point in time.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Fault> {
        self.parsed(name, "a time such as 2025-01-12T14:36:01.000Z")
    }
}

/// Undoes form encoding: `+` is a blank, then percent escapes, then UTF-8; none of it is mended.
fn decoded(text: &str) -> Result<String, Fault> {
    let spaced = text.replace('+', " ");
    let mut after = spaced.split('%').skip(1);
    if after.any(|rest| {
        !rest.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    }) {
        return Err(bad(format!(
            "{text:?} has a % without two hexadecimal digits; % itself is %25"
        )));
    }
    let bytes = percent_decode_str(&spaced).collect::<Vec<_>>();
    String::from_utf8(bytes).map_err(|_| bad(format!("{text:?} is no UTF-8 once it is decoded")))
}

fn unknown(name: &str, known: &[&'static str]) -> String {
    if known.is_empty() {
        return format!("there is no parameter {name:?}; this operation has none");
    }
    let same = known.iter().find(|known| known.eq_ignore_ascii_case(name));
    match same {
        Some(same) => format!("there is no parameter {name:?}; it is written {same}"),
        None => format!("there is no parameter {name:?}; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    const KNOWN: &[&str] = &["A", "B"];

    #[test]
    fn what_is_sent_is_read() {
        let read = Parameters::read(Some("A=a%2Cb+c%2b,%E8%BD%A6,&B="), KNOWN).ok().unwrap();
        assert_eq!(read.list("A"), ["a", "b c+", "车"]);
        assert_eq!(read.text("B"), None);
        assert!(read.needed("B").is_err());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (raw, says) in [
            ("A=1&A=2", "given twice"),
            ("a=1", "written A"),
            ("C=1", "there are A, B"),
            ("A=%zz", "%25"),
            ("A=%e8", "UTF-8"),
            ("A=%", "%25"),
        ] {
            let fault = Parameters::read(Some(raw), KNOWN).err().unwrap();
            assert!(fault.message().contains(says), "{raw}: {}", fault.message());
        }
    }

    #[test]
    fn counts_have_bounds() {
        for (raw, fine) in [
            ("A=0", false),
            ("A=1", true),
            ("A=100", true),
            ("A=101", false),
            ("A=x", false),
            ("A=", true),
        ] {
            let read = Parameters::read(Some(raw), KNOWN).ok().unwrap();
            assert_eq!(read.count("A", 100).is_ok(), fine, "{raw}");
        }
    }
}
