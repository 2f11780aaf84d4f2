//! A listing in typed fields, as PAI's parameters have it.

use filedex_model::{
    Bound, FileId, Filter, Order, Property, Range, SortBy, StatusFilter, Test, Timestamp, Value,
    When,
};
use serde::{Deserialize, Serialize};

use super::notation;

/// What is absent or empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// Only these files.
    pub ids: Vec<FileId>,
    /// With all of these tags.
    pub all: Vec<String>,
    /// With one of these tags.
    pub any: Vec<String>,
    /// With none of these tags.
    pub none: Vec<String>,
    /// With this tag, as the text of a search by tags.
    pub tag: Option<String>,
    /// With this in the name, in any case.
    pub name: Option<String>,
    /// With this in the folder, in any case; slashes at its end do not count.
    pub dir: Option<String>,
    /// Of one of these types.
    pub types: Vec<String>,
    /// Of one of these content types.
    pub content_types: Vec<String>,
    /// Changed from then to then, both included.
    pub updated: (Option<Timestamp>, Option<Timestamp>),
    /// Tagged from then to then, both included.
    pub tagged: (Option<Timestamp>, Option<Timestamp>),
    /// Which files are covered; the active ones by default.
    pub status: Option<StatusFilter>,
    /// The order; the newest first by default.
    #[serde(with = "notation::sort")]
    pub sort: Option<(SortBy, Order)>,
    /// Files on a page; 10 by default.
    pub pages: Option<u32>,
}

impl Typed {
    /// What is asked of each file.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let text = |property: &Property, value: &String| {
            Filter::test(property.clone(), Test::Equals(Value::Text(value.clone())))
        };
        let one_of = |property: Property, values: &[String]| match values {
            [] => Filter::All,
            values => Filter::or(values.iter().map(|value| text(&property, value))),
        };
        let part = |property: Property, part: &str| match part {
            "" => Filter::All,
            part => Filter::test(property, Test::Contains(part.to_owned())),
        };
        let within = |property: Property, (from, to): (Option<Timestamp>, Option<Timestamp>)| {
            if from.or(to).is_none() {
                return Filter::All;
            }
            let end = |end: Option<Timestamp>| {
                end.map_or(Bound::Open, |at| Bound::Included(Value::Date(When::At(at))))
            };
            Filter::test(property, Test::InRange(Range { from: end(from), to: end(to) }))
        };
        let none = self.none.iter().map(|tag| Filter::not(text(&Property::TagsAll, tag)));
        let ids: Vec<String> = self.ids.iter().map(FileId::to_string).collect();
        let dir = self.dir.as_deref().unwrap_or("").trim_end_matches('/');
        let every = self.all.iter().chain(&self.tag).map(|tag| text(&Property::TagsAll, tag));
        let fields = [
            one_of(Property::Id, &ids),
            one_of(Property::TagsAll, &self.any),
            part(Property::FileName, self.name.as_deref().unwrap_or("")),
            part(Property::FileDir, dir),
            one_of(Property::FileType, &self.types),
            one_of(Property::ContentType, &self.content_types),
            within(Property::FileUpdateTime, self.updated),
            within(Property::TagUpdateTime, self.tagged),
        ];
        Filter::and(fields.into_iter().chain(every).chain(none))
    }
}
