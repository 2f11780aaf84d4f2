//! The same query as typed options instead of text.

use filedex_model::{
    Bound, Filter, Order, Property, Range, SortBy, StatusFilter, Test, Timestamp, Value, When,
    limits,
};

use crate::controls::{Controls, QueryType};
use crate::error::{ErrorKind, Fault, QueryError, listed};
use crate::query::{Query, parse};
use crate::thumbnail::ThumbnailMode;

/// The parameters of a listing, as PAI's ListDatasetFileMetas has them. They compile to the same
/// [`Query`] as text does.
///
/// `None`, the empty text and the empty list all mean that a parameter is absent.
///
/// ```
/// use filedex_query::{Parameters, parse};
/// let parameters = Parameters {
///     tags_include_any: vec!["car".into(), "bus".into()],
///     file_dir: Some("street/2025/".into()),
///     max_results: Some(50),
///     ..Parameters::default()
/// };
/// assert_eq!(
///     parameters.compile()?,
///     parse("Tags.all IN ('car','bus') AND FileDir CONTAINS 'street/2025' AND MaxResults=50")?
/// );
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Only these records, by `DatasetFileMetaId`.
    pub ids: Vec<String>,
    /// Which sources are searched; MIX by default. Parameters that do not apply to it are ignored.
    pub query_type: Option<QueryType>,
    /// The text to search for. Under TAG it is one more tag of `tags_include_all`.
    pub query_text: Option<String>,
    /// The most hits, 1 to `limits::TOP_K`. VECTOR and MIX only.
    pub top_k: Option<u32>,
    /// Hits score above this; finite. VECTOR and MIX only.
    pub score_threshold: Option<f32>,
    /// The earliest `FileUpdateTime`, itself included.
    pub start_file_update_time: Option<Timestamp>,
    /// The latest `FileUpdateTime`, itself included.
    pub end_file_update_time: Option<Timestamp>,
    /// The earliest `TagUpdateTime`, itself included.
    pub start_tag_update_time: Option<Timestamp>,
    /// The latest `TagUpdateTime`, itself included.
    pub end_tag_update_time: Option<Timestamp>,
    /// Records with all these tags (`Tags.all`). TAG and MIX only.
    pub tags_include_all: Vec<String>,
    /// Records with at least one of these tags. TAG and MIX only.
    pub tags_include_any: Vec<String>,
    /// Records with none of these tags. TAG and MIX only.
    pub tags_exclude: Vec<String>,
    /// A part of the file name, in any case.
    pub file_name: Option<String>,
    /// A part of the folder, in any case; slashes at its end are dropped.
    pub file_dir: Option<String>,
    /// Any of these file types.
    pub file_types: Vec<String>,
    /// Any of these content types.
    pub content_types: Vec<String>,
    /// The address of an image to search by. VECTOR and MIX only.
    pub query_image: Option<String>,
    /// The address of a video to search by. VECTOR and MIX only.
    pub query_video: Option<String>,
    /// What hits are ordered by; relevance, or the newest record first, by default.
    pub sort_by: Option<SortBy>,
    /// The direction; descending by default.
    pub order: Option<Order>,
    /// Which records are covered; those not deleted by default.
    pub status: Option<StatusFilter>,
    /// The page size, 1 to `limits::MAX_RESULTS`.
    pub max_results: Option<u32>,
    /// The page to go on with; blank text is absent too.
    pub next_token: Option<String>,
    /// How thumbnails are made.
    pub thumbnail_mode: Option<ThumbnailMode>,
    /// A query expression. Only `max_results`, `next_token` and `thumbnail_mode` can stand beside
    /// it, and what the expression says wins over them.
    pub expression: Option<String>,
}

impl Parameters {
    /// The query these parameters ask.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Parameter`] for a number out of its range and for a search parameter beside
    /// an expression; any error of [`parse`] for the expression itself.
    ///
    /// ```
    /// use filedex_query::{ErrorKind, Parameters};
    /// let both = Parameters {
    ///     expression: Some("FileType = 'image'".into()),
    ///     tags_exclude: vec!["night".into()],
    ///     ..Parameters::default()
    /// };
    /// assert_eq!(both.compile().unwrap_err().kind(), ErrorKind::Parameter);
    /// ```
    pub fn compile(&self) -> Result<Query, QueryError> {
        let expression = self.expression.as_deref().filter(|text| !text.trim().is_empty());
        let without_text = |fault| QueryError::new(fault, "");
        let paging = self.paging().map_err(without_text)?;
        let Some(expression) = expression else {
            let controls = self.search_controls(paging).map_err(without_text)?;
            return Ok(Query { filter: self.filter(), controls });
        };
        let beside = self.search_parameters();
        if !beside.is_empty() {
            let message = format!("an expression cannot stand beside {}", listed(&beside, " and "));
            return Err(without_text(refused(message).help("say it in the expression")));
        }
        let mut query = parse(expression)?;
        let said = &mut query.controls;
        said.max_results = said.max_results.or(paging.max_results);
        said.next_token = said.next_token.take().or(paging.next_token);
        said.thumbnail_mode = said.thumbnail_mode.or(paging.thumbnail_mode);
        Ok(query)
    }

    /// What may stand beside an expression.
    fn paging(&self) -> Result<Controls, Fault> {
        Ok(Controls {
            max_results: in_range("max_results", self.max_results, limits::MAX_RESULTS)?,
            next_token: text(&self.next_token).filter(|token| !token.trim().is_empty()),
            thumbnail_mode: self.thumbnail_mode,
            ..Controls::default()
        })
    }

    /// The controls of a listing without an expression, `paging` among them.
    fn search_controls(&self, paging: Controls) -> Result<Controls, Fault> {
        let common = Controls {
            status: self.status,
            query_type: self.query_type,
            sort_by: self.sort_by.clone(),
            order: self.order,
            ..paging
        };
        if self.query_type == Some(QueryType::Tag) {
            return Ok(common);
        }
        if self.score_threshold.is_some_and(|score| !score.is_finite()) {
            return Err(refused("score_threshold is a finite number".to_owned()));
        }
        Ok(Controls {
            top_k: in_range("top_k", self.top_k, limits::TOP_K)?,
            score_threshold: self.score_threshold,
            query_text: text(&self.query_text),
            query_image: text(&self.query_image),
            query_video: text(&self.query_video),
            ..common
        })
    }

    /// What the parameters ask of each record.
    fn filter(&self) -> Filter {
        let mut parts = vec![one_of(Property::Id, &self.ids)];
        if self.query_type != Some(QueryType::Vector) {
            let query_tag =
                text(&self.query_text).filter(|_| self.query_type == Some(QueryType::Tag));
            let tags = self.tags_include_all.iter().chain(&query_tag);
            parts.extend(tags.map(|tag| equals(Property::TagsAll, tag)));
            parts.push(one_of(Property::TagsAll, &self.tags_include_any));
            if !self.tags_exclude.is_empty() {
                parts.push(Filter::not(one_of(Property::TagsAll, &self.tags_exclude)));
            }
        }
        let file_dir = self.file_dir.as_deref().map(|dir| dir.trim_end_matches('/').to_owned());
        parts.push(containing(Property::FileName, &self.file_name));
        parts.push(containing(Property::FileDir, &file_dir));
        parts.push(one_of(Property::FileType, &self.file_types));
        parts.push(one_of(Property::ContentType, &self.content_types));
        let update = (self.start_file_update_time, self.end_file_update_time);
        parts.extend(between(&Property::FileUpdateTime, update));
        let tagged = (self.start_tag_update_time, self.end_tag_update_time);
        parts.extend(between(&Property::TagUpdateTime, tagged));
        Filter::and(parts)
    }

    /// The names of the parameters that are present and cannot stand beside an expression.
    fn search_parameters(&self) -> Vec<&'static str> {
        let present = |value: &Option<String>| text(value).is_some();
        let all = [
            ("ids", !self.ids.is_empty()),
            ("query_type", self.query_type.is_some()),
            ("query_text", present(&self.query_text)),
            ("top_k", self.top_k.is_some()),
            ("score_threshold", self.score_threshold.is_some()),
            ("start_file_update_time", self.start_file_update_time.is_some()),
            ("end_file_update_time", self.end_file_update_time.is_some()),
            ("start_tag_update_time", self.start_tag_update_time.is_some()),
            ("end_tag_update_time", self.end_tag_update_time.is_some()),
            ("tags_include_all", !self.tags_include_all.is_empty()),
            ("tags_include_any", !self.tags_include_any.is_empty()),
            ("tags_exclude", !self.tags_exclude.is_empty()),
            ("file_name", present(&self.file_name)),
            ("file_dir", present(&self.file_dir)),
            ("file_types", !self.file_types.is_empty()),
            ("content_types", !self.content_types.is_empty()),
            ("query_image", present(&self.query_image)),
            ("query_video", present(&self.query_video)),
            ("sort_by", self.sort_by.is_some()),
            ("order", self.order.is_some()),
            ("status", self.status.is_some()),
        ];
        all.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect()
    }
}

fn refused(message: String) -> Fault {
    Fault::new(ErrorKind::Parameter, message)
}

/// A text that is present: not empty.
fn text(value: &Option<String>) -> Option<String> {
    value.clone().filter(|text| !text.is_empty())
}

fn in_range(name: &str, value: Option<u32>, most: u32) -> Result<Option<u32>, Fault> {
    match value {
        Some(count) if !(1..=most).contains(&count) => {
            Err(refused(format!("{name} is a whole number from 1 to {most}, not {count}")))
        }
        value => Ok(value),
    }
}

fn equals(property: Property, value: &str) -> Filter {
    Filter::test(property, Test::Equals(Value::Text(value.to_owned())))
}

/// Any of `values`; no values ask for nothing.
fn one_of(property: Property, values: &[String]) -> Filter {
    match values {
        [] => Filter::All,
        [value] => equals(property, value),
        values => {
            Filter::test(property, Test::In(values.iter().cloned().map(Value::Text).collect()))
        }
    }
}

fn containing(property: Property, part: &Option<String>) -> Filter {
    text(part).map_or(Filter::All, |part| Filter::test(property, Test::Contains(part)))
}

/// A range with both ends in; as two tests, which is what text compiles to.
fn between(
    property: &Property,
    (start, end): (Option<Timestamp>, Option<Timestamp>),
) -> impl Iterator<Item = Filter> {
    let bound = |time| Bound::Included(Value::Date(When::At(time)));
    let from = start.map(|time| Range { from: bound(time), to: Bound::Open });
    let to = end.map(|time| Range { from: Bound::Open, to: bound(time) });
    from.into_iter().chain(to).map(|range| Filter::test(property.clone(), Test::InRange(range)))
}
