//! Parting records into train, val, test: by shares with a seed, balanced, groups kept together; or by
//! a tag or property that says it already.
//!
//! The parts depend on the seed and on what the records are, not on their order.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{FormatError, Result};
use crate::property::{FIELDS, Target};
use crate::record::{Record, texts};

/// What a record is chosen by: a property, or tags that begin alike.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// The values of a property.
    Property(Target),
    /// What follows the prefix in the tags that have it.
    TagPrefix(String),
}

/// A part and its share.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Its name, which names folders and files.
    pub name: String,
    /// Above 0.
    pub share: f64,
}

/// How records are parted.
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// By shares.
    Shares {
        /// The parts.
        shares: Vec<Share>,
        /// Another seed gives other parts.
        seed: u64,
        /// Each value has its share of each part.
        stratify: Option<Selector>,
        /// Records of one value go to one part.
        group: Option<Selector>,
    },
    /// By what each record says: the part is named by its value.
    By(Selector),
}

/// Collects what records say, then parts them.
#[derive(Debug)]
pub struct Parting {
    split: Split,
    units: HashMap<[u8; 16], Unit>,
    strata: Vec<String>,
    stratum_of: HashMap<String, usize>,
    members: Vec<[u8; 16]>,
    said: Vec<Option<String>>,
}

/// Records that stay together.
#[derive(Debug, Default)]
struct Unit {
    records: u64,
    strata: Vec<usize>,
}

/// Which part each record goes to, in the order they were seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The names of the parts.
    pub names: Vec<String>,
    /// The part of each record; none where it is in no part.
    pub of: Vec<Option<usize>>,
}

impl Selector {
    /// A property by its name in queries or exports (`FileType`, `Attributes.camera`); anything else is
    /// the beginning of tags.
    ///
    /// ```
    /// use filedex_formats::{Record, Selector};
    /// let mut record = Record::at("a://b/1.png");
    /// record.put("tags_user", vec!["class/dog", "class/pet", "seen"]);
    /// assert_eq!(Selector::parse("class/").values(&record), ["dog", "pet"]);
    /// assert_eq!(Selector::parse("Uri").values(&record), ["a://b/1.png"]);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let known = FIELDS.iter().any(|field| field.name == text || field.query == text);
        let attribute = text.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("attributes."));
        let property = known || attribute || text == "tags" || text == "Tags.all";
        match Target::parse(text) {
            Ok(target) if property => Self::Property(target),
            _ => Self::TagPrefix(text.to_owned()),
        }
    }

    /// The values of a record, in order.
    #[must_use]
    pub fn values(&self, record: &Record) -> Vec<String> {
        match self {
            Self::TagPrefix(prefix) => {
                let tags = record.tags().into_iter();
                tags.filter_map(|tag| tag.strip_prefix(prefix.as_str()))
                    .filter(|rest| !rest.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            Self::Property(Target::Tags) => record.tags().into_iter().map(str::to_owned).collect(),
            Self::Property(Target::Attribute(name)) => {
                // As the query language reads it: names from the top down.
                let mut value = record.attribute(name);
                if value.is_none() {
                    let mut steps = name.split('.');
                    value = steps.next().and_then(|step| record.attribute(step));
                    value = steps.fold(value, |value, step| value?.get(step));
                }
                value.map(shown).unwrap_or_default()
            }
            Self::Property(Target::Field(field)) if field.name == "file_name" => {
                vec![record.file_name().to_owned()]
            }
            Self::Property(Target::Field(field)) => {
                record.fields.get(field.name).map(shown).unwrap_or_default()
            }
            Self::Property(_) => Vec::new(),
        }
    }
}

fn shown(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(_) | Value::Array(_) if !texts(value).is_empty() => {
            texts(value).into_iter().map(str::to_owned).collect()
        }
        Value::Object(jobs) => jobs.values().flat_map(shown).collect(),
        other => vec![other.to_string()],
    }
}

impl Split {
    /// Reads `train=0.8,val=0.1,test=0.1`; shares are made to add up to 1.
    ///
    /// # Errors
    /// [`FormatError::Bad`] for what is no such list, for two parts of one name, and for a name that
    /// cannot be a folder's.
    pub fn shares(text: &str) -> Result<Vec<Share>> {
        let mut shares: Vec<Share> = Vec::new();
        for part in text.split(',') {
            let read = part.split_once('=').and_then(|(name, share)| {
                let share: f64 = share.trim().parse().ok()?;
                let fits = share > 0.0 && share.is_finite();
                fits.then(|| Share { name: name.trim().to_owned(), share })
            });
            let Some(read) = read else {
                return Err(FormatError::bad(format!(
                    "{part:?} is no part; write name=share, such as train=0.8,val=0.1,test=0.1"
                )));
            };
            check_name(&read.name)?;
            if shares.iter().any(|share| share.name == read.name) {
                return Err(FormatError::bad(format!("the part {:?} is there twice", read.name)));
            }
            shares.push(read);
        }
        let sum: f64 = shares.iter().map(|share| share.share).sum();
        shares.iter_mut().for_each(|share| share.share /= sum);
        Ok(shares)
    }
}

/// A part's name becomes that of a folder.
fn check_name(name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && !name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\' | ':'));
    if fits {
        return Ok(());
    }
    Err(FormatError::bad(format!("{name:?} cannot be the name of a part: it names a folder")))
}

impl Parting {
    /// Begins.
    #[must_use]
    pub fn new(split: Split) -> Self {
        Self {
            split,
            units: HashMap::new(),
            strata: Vec::new(),
            stratum_of: HashMap::new(),
            members: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Looks at a record.
    pub fn see(&mut self, record: &Record) {
        let (seed, stratify, group) = match &self.split {
            Split::By(selector) => {
                self.said.push(selector.values(record).into_iter().next());
                return;
            }
            Split::Shares { seed, stratify, group, .. } => (*seed, stratify, group),
        };
        let group = group.as_ref().map(|group| group.values(record)).unwrap_or_default();
        let key = if group.is_empty() {
            hash(seed, "file", record.uri())
        } else {
            hash(seed, "group", &group.join("\u{1}"))
        };
        let values = stratify.as_ref().map(|s| s.values(record)).unwrap_or_default();
        let strata = &mut self.strata;
        let numbers = values.into_iter().map(|value| {
            *self.stratum_of.entry(value).or_insert_with_key(|value| {
                strata.push(value.clone());
                strata.len() - 1
            })
        });
        let unit = self.units.entry(key).or_default();
        unit.records += 1;
        unit.strata.extend(numbers);
        self.members.push(key);
    }

    /// Parts what was seen.
    ///
    /// # Errors
    /// [`FormatError::Bad`] where a record names a part that cannot be one.
    pub fn finish(self) -> Result<Parts> {
        match &self.split {
            Split::By(_) => self.by_value(),
            Split::Shares { shares, .. } => {
                let names = shares.iter().map(|share| share.name.clone()).collect();
                let of = self.by_shares(shares);
                Ok(Parts {
                    names,
                    of: self.members.iter().map(|key| of.get(key).copied()).collect(),
                })
            }
        }
    }

    fn by_value(self) -> Result<Parts> {
        let mut names: Vec<String> = self.said.iter().flatten().cloned().collect();
        names.sort_unstable();
        names.dedup();
        names.iter().try_for_each(|name| check_name(name))?;
        if names.len() > 100 {
            return Err(FormatError::bad(format!(
                "{} different values cannot each be a part; 100 can",
                names.len()
            )));
        }
        let find = |name: String| names.binary_search(&name).ok();
        let of = self.said.into_iter().map(|said| said.and_then(find)).collect();
        Ok(Parts { names, of })
    }

    /// Fills the parts stratum by stratum; what rounding leaves over in one is made up for in the next.
    fn by_shares(&self, shares: &[Share]) -> HashMap<[u8; 16], usize> {
        let mut counts = vec![0_u64; self.strata.len()];
        for unit in self.units.values() {
            unit.strata.iter().for_each(|stratum| counts[*stratum] += 1);
        }
        // A unit of several values belongs to the rarest, which has the fewest others to balance it.
        let rarest = |unit: &Unit| {
            let all = unit.strata.iter().copied();
            all.min_by_key(|stratum| (counts[*stratum], &self.strata[*stratum]))
        };
        let mut by_stratum: BTreeMap<Option<&str>, Vec<([u8; 16], u64)>> = BTreeMap::new();
        for (key, unit) in &self.units {
            let stratum = rarest(unit).map(|stratum| self.strata[stratum].as_str());
            by_stratum.entry(stratum).or_default().push((*key, unit.records));
        }
        let mut parts = HashMap::with_capacity(self.units.len());
        let mut wanting = vec![0.0; shares.len()];
        for units in by_stratum.values_mut() {
            // Large groups first, while there is room for them.
            units.sort_unstable_by_key(|(key, records)| (std::cmp::Reverse(*records), *key));
            let total: u64 = units.iter().map(|(_, records)| records).sum();
            for (wants, share) in wanting.iter_mut().zip(shares) {
                *wants += share.share * total as f64;
            }
            for (key, records) in units {
                let mut best = 0;
                for part in 1..wanting.len() {
                    if wanting[part] > wanting[best] {
                        best = part;
                    }
                }
                wanting[best] -= *records as f64;
                parts.insert(*key, best);
            }
        }
        parts
    }
}

fn hash(seed: u64, kind: &str, text: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(shares: &str, seed: u64, stratify: Option<&str>, group: Option<&str>) -> Split {
        Split::Shares {
            shares: Split::shares(shares).unwrap(),
            seed,
            stratify: stratify.map(Selector::parse),
            group: group.map(Selector::parse),
        }
    }

    /// Files of 7 classes of very different sizes, in groups of up to 4.
    fn files(count: u64) -> Vec<Record> {
        let file = |number: u64| {
            let mut record = Record::at(format!("a://b/{number}.png"));
            let class = (number * number).trailing_zeros() % 7;
            record.put("tags_user", vec![format!("class/{class}")]);
            record.put_attribute("near", number / (1 + number % 4));
            record
        };
        (1..=count).map(file).collect()
    }

    fn part(split: &Split, records: &[Record]) -> Parts {
        let mut parting = Parting::new(split.clone());
        records.iter().for_each(|record| parting.see(record));
        parting.finish().unwrap()
    }

    fn counts(parts: &Parts) -> Vec<usize> {
        let of = |part| parts.of.iter().filter(|of| **of == Some(part)).count();
        (0..parts.names.len()).map(of).collect()
    }

    #[test]
    fn shares_are_met_whatever_the_strata() {
        let files = files(1_000);
        for stratify in [None, Some("class/"), Some("Uri")] {
            let parts = part(&split("train=0.8,val=0.1,test=0.1", 7, stratify, None), &files);
            for (count, want) in counts(&parts).into_iter().zip([800_usize, 100, 100]) {
                assert!(count.abs_diff(want) <= 1, "{count} for {want}, by {stratify:?}");
            }
        }
    }

    #[test]
    fn each_class_has_its_share_of_each_part() {
        let files = files(1_000);
        let parts = part(&split("train=8,val=2", 1, Some("class/"), None), &files);
        let mut by_class: BTreeMap<String, [f64; 2]> = BTreeMap::new();
        for (record, of) in files.iter().zip(&parts.of) {
            let class = record.tags()[0].to_owned();
            by_class.entry(class).or_default()[of.unwrap()] += 1.0;
        }
        assert_eq!(by_class.len(), 7);
        for (class, [train, val]) in by_class {
            let want = (train + val) * 0.2;
            assert!((val - want).abs() <= 2.0, "{class}: {val} of {}", train + val);
        }
    }

    #[test]
    fn groups_stay_together() {
        let files = files(1_000);
        let split = split("train=0.7,val=0.3", 3, Some("class/"), Some("Attributes.near"));
        let parts = part(&split, &files);
        let mut side: HashMap<String, usize> = HashMap::new();
        for (record, of) in files.iter().zip(&parts.of) {
            let group = record.attribute("near").unwrap().to_string();
            assert_eq!(*side.entry(group).or_insert(of.unwrap()), of.unwrap());
        }
        let train = counts(&parts)[0];
        assert!(train.abs_diff(700) <= 10, "{train}");
    }

    #[test]
    fn the_seed_decides_and_the_order_does_not() {
        let mut files = files(200);
        let by = |seed| split("a=1,b=1", seed, Some("class/"), Some("Attributes.near"));
        let first = part(&by(1), &files);
        assert_ne!(first, part(&by(2), &files));
        files.reverse();
        let mut turned = part(&by(1), &files);
        turned.of.reverse();
        assert_eq!(first, turned);
    }

    #[test]
    fn parts_that_records_name() {
        let mut files = files(4);
        files[0].put("tags_user", vec!["split/val"]);
        files[1].put("tags_user", vec!["split/train", "x"]);
        let parts = part(&Split::By(Selector::parse("split/")), &files);
        assert_eq!(parts.names, ["train", "val"]);
        assert_eq!(parts.of, [Some(1), Some(0), None, None]);
        let mut parting = Parting::new(Split::By(Selector::parse("Uri")));
        files.iter().for_each(|file| parting.see(file));
        assert!(parting.finish().is_err(), "a URI names no folder");
    }

    #[test]
    fn lists_of_shares() {
        for bad in ["", "train", "train=x", "train=0", "train=-1", "a=1,a=1", "../x=1", "a=inf"] {
            assert!(Split::shares(bad).is_err(), "{bad}");
        }
        let shares = Split::shares("train=3, val=1").unwrap();
        assert_eq!((shares[1].name.as_str(), shares[1].share), ("val", 0.25));
    }
}
