//! Listing: a query, a page of records.

use filedex_model::{Cursor, FileRecord, Filter, Order, SortBy, StatusFilter, Timestamp, limits};
use filedex_planner::{Explanation, Highlight, Request, answer, highlights};
use filedex_query::{Parameters, Query as Parsed, QueryType};

use crate::database::VersionRef;
use crate::error::{Error, ErrorKind, Result};
use crate::reader::Reader;

/// Which tags a listing wants (PAI's QueryTags parameters); they mean [`Tags::all`](crate::Tags::all).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagMatch {
    /// All of these.
    pub all: Vec<String>,
    /// At least one of these.
    pub any: Vec<String>,
    /// None of these.
    pub none: Vec<String>,
}

/// PAI's ListDatasetFileMetas parameters, typed. Absent or empty means not asked.
///
/// ```
/// use filedex::{ListOptions, Query};
/// let options = ListOptions {
///     file_name: Some("car".into()),
///     file_types: vec!["image".into()],
///     ..ListOptions::default()
/// };
/// let query = Query::from_options(&options)?;
/// assert_eq!(query.to_string(), "FileName CONTAINS 'car' AND FileType = 'image'");
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOptions {
    /// Only these ids.
    pub ids: Vec<String>,
    /// How to search; MIX by default.
    pub query_type: Option<QueryType>,
    /// A text to search for: under TAG a tag that is needed, else ranked by.
    pub query_text: Option<String>,
    /// Tags.
    pub tags: TagMatch,
    /// Part of the name, in any case.
    pub file_name: Option<String>,
    /// Part of the folder, in any case.
    pub file_dir: Option<String>,
    /// Any of these file types.
    pub file_types: Vec<String>,
    /// Any of these content types.
    pub content_types: Vec<String>,
    /// Content changed at this time or later.
    pub start_file_update_time: Option<Timestamp>,
    /// Content changed at this time or earlier.
    pub end_file_update_time: Option<Timestamp>,
    /// Tags changed at this time or later.
    pub start_tag_update_time: Option<Timestamp>,
    /// Tags changed at this time or earlier.
    pub end_tag_update_time: Option<Timestamp>,
    /// At most this many similar records; needs an embedding space.
    pub top_k: Option<u32>,
    /// Only records more similar than this; needs an embedding space.
    pub score_threshold: Option<f32>,
    /// A picture to be similar to; needs an embedding space.
    pub query_image: Option<String>,
    /// A video to be similar to; needs an embedding space.
    pub query_video: Option<String>,
    /// What to order by.
    pub sort_by: Option<SortBy>,
    /// In which direction.
    pub order: Option<Order>,
    /// Records of which status.
    pub status: Option<StatusFilter>,
    /// Records on a page.
    pub max_results: Option<u32>,
    /// Where the page starts.
    pub next_token: Option<Cursor>,
    /// An expression of the query language; not together with what it can say itself.
    pub expression: Option<String>,
}

/// A question to a dataset version: what to find, in which order, which page of it.
///
/// ```
/// use filedex::{Order, Query, SortBy};
/// let query = Query::parse("Tags.all = 'beach' AND FileUpdateTime > -30d")?
///     .sort(SortBy::DataSize, Order::Desc)
///     .limit(50);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    parsed: Parsed,
    limit: Option<u32>,
    cursor: Option<Cursor>,
    highlight: bool,
    explain: bool,
    now: Option<Timestamp>,
}

impl Query {
    /// A question in the query language (`grammar/QUERY.md`); blank text asks for everything.
    ///
    /// # Errors
    /// [`ErrorKind::BadQuery`]; the message shows the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::of(filedex_query::parse(text)?))
    }

    /// A question in typed options.
    ///
    /// # Errors
    /// [`ErrorKind::BadQuery`] when an option is out of its bounds, or an expression stands beside
    /// what it can say itself.
    pub fn from_options(options: &ListOptions) -> Result<Self> {
        let o = options.clone();
        let parameters = Parameters {
            ids: o.ids,
            query_type: o.query_type,
            query_text: o.query_text,
            tags_include_all: o.tags.all,
            tags_include_any: o.tags.any,
            tags_exclude: o.tags.none,
            file_name: o.file_name,
            file_dir: o.file_dir,
            file_types: o.file_types,
            content_types: o.content_types,
            start_file_update_time: o.start_file_update_time,
            end_file_update_time: o.end_file_update_time,
            start_tag_update_time: o.start_tag_update_time,
            end_tag_update_time: o.end_tag_update_time,
            top_k: o.top_k,
            score_threshold: o.score_threshold,
            query_image: o.query_image,
            query_video: o.query_video,
            sort_by: o.sort_by,
            order: o.order,
            status: o.status,
            next_token: o.next_token.map(|cursor| cursor.to_string()),
            expression: o.expression,
            ..Parameters::default()
        };
        let mut query = Self::of(parameters.compile()?);
        query.limit = o.max_results;
        Ok(query)
    }

    /// A question from a filter that was built in code.
    #[must_use]
    pub fn filter(filter: Filter) -> Self {
        Self::of(Parsed { filter, ..Parsed::default() })
    }

    fn of(parsed: Parsed) -> Self {
        Self { parsed, limit: None, cursor: None, highlight: false, explain: false, now: None }
    }

    /// Orders the answer. Missing values come last, ties are ordered by id.
    #[must_use]
    pub fn sort(mut self, by: SortBy, order: Order) -> Self {
        self.parsed.controls.sort_by = Some(by);
        self.parsed.controls.order = Some(order);
        self
    }

    /// Records of this status; active ones by default.
    #[must_use]
    pub fn status(mut self, status: StatusFilter) -> Self {
        self.parsed.controls.status = Some(status);
        self
    }

    /// Records on a page: 1 to 10,000; 10 by default.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Continues where a page of the same question ended.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// Asks for the places where the question's text matches.
    #[must_use]
    pub fn highlight(mut self) -> Self {
        self.highlight = true;
        self
    }

    /// Asks how the answer was found; costs a count of each part of the filter.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.explain = true;
        self
    }

    /// The clock that relative times (`-7d`) count from; the system's by default.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// The filter, QueryText included.
    #[must_use]
    pub fn as_filter(&self) -> Filter {
        let ranked = self.parsed.controls.query_text.iter().map(|text| {
            Filter::test(filedex_model::Property::Text, filedex_model::Test::AnyWord(text.clone()))
        });
        Filter::and([self.parsed.filter.clone()].into_iter().chain(ranked))
    }

    pub(crate) fn request(&self, explain: bool) -> Result<Request> {
        let controls = &self.parsed.controls;
        let asks_meaning = controls.content.is_some()
            || controls.top_k.is_some()
            || controls.score_threshold.is_some()
            || controls.query_image.is_some()
            || controls.query_video.is_some();
        if asks_meaning && controls.query_type != Some(QueryType::Tag) {
            return Err(no_space());
        }
        let cursor = match (&self.cursor, &controls.next_token) {
            (Some(cursor), _) => Some(cursor.clone()),
            (None, Some(token)) if !token.is_empty() => Some(Cursor::new(token.clone())),
            _ => None,
        };
        Ok(Request {
            status: controls.status.unwrap_or_default(),
            sort: controls.sort_by.clone(),
            order: controls.order.unwrap_or_default(),
            limit: self.limit.or(controls.max_results).unwrap_or(limits::PAGE_DEFAULT),
            cursor,
            now: self.now.unwrap_or_else(Timestamp::now),
            explain,
            ..Request::new(self.as_filter())
        })
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parsed.fmt(f)
    }
}

fn no_space() -> Error {
    Error::new(
        ErrorKind::BadQuery,
        "this database has no embedding space yet, so Content, TopK, ScoreThreshold, QueryImage \
         and QueryVideo cannot be answered; Text:'…' ranks by words",
    )
}

/// What to order by, as the query language writes it: a property that has an order, an attribute
/// path, or `Relevance`.
///
/// ```
/// use filedex::{SortBy, parse_sort};
/// assert_eq!(parse_sort("FileUpdateTime")?, SortBy::FileUpdateTime);
/// assert!(parse_sort("FileUpdatTime").unwrap_err().to_string().contains("FileUpdateTime"));
/// # Ok::<(), filedex::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BadQuery`], with near names.
pub fn parse_sort(text: &str) -> Result<SortBy> {
    Ok(filedex_query::parse_sort_by(text)?)
}

/// One record of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFile {
    /// The record.
    pub record: FileRecord,
    /// Its BM25 score, where the page is ranked by text.
    pub score: Option<f32>,
    /// Where the question's text matches, where that was asked.
    pub highlights: Vec<Highlight>,
}

/// One page of an answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// How many records match on all pages; page one's number on later pages.
    pub total: u64,
    /// The records.
    pub hits: Vec<ListedFile>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
    /// How the answer was found, where that was asked.
    pub explanation: Option<Explanation>,
}

impl Reader {
    /// One page of the records that a question finds.
    ///
    /// Pages of one snapshot partition the answer. Over writes, no record that was not itself
    /// changed is repeated or lost in a field order; a ranked answer's cursor is refused once the
    /// version changed.
    ///
    /// # Errors
    /// [`ErrorKind::BadQuery`], [`ErrorKind::BadInput`], [`ErrorKind::BadCursor`],
    /// [`ErrorKind::StaleCursor`], [`ErrorKind::NotFound`] for a version that is gone.
    pub fn list(&self, version: &VersionRef, query: &Query) -> Result<Page> {
        let source = self.source(version)?;
        let answer = answer(&query.request(query.explain)?, &source)?;
        let mut hits = Vec::with_capacity(answer.hits.len());
        for (row, id, score) in answer.hits {
            let record = self.snapshot.store.record(version.key, row)?.ok_or_else(|| {
                Error::new(ErrorKind::Damaged, format!("file {id} is indexed but has no record"))
            })?;
            let highlights =
                if query.highlight { highlights(&record, &answer.texts) } else { Vec::new() };
            hits.push(ListedFile { record, score, highlights });
        }
        Ok(Page { total: answer.total, hits, next: answer.next, explanation: answer.explanation })
    }

    /// How many records a question finds.
    ///
    /// # Errors
    /// As [`Reader::list`].
    pub fn count(&self, version: &VersionRef, query: &Query) -> Result<u64> {
        let mut counting = query.clone().limit(1);
        counting.cursor = None;
        counting.parsed.controls.next_token = None;
        Ok(answer(&counting.request(false)?, &self.source(version)?)?.total)
    }
}
