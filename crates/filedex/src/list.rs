//! Listing: a query, a page of records.

use filedex_model::{
    Cursor, FileId, FileRecord, Filter, Order, SortBy, StatusFilter, Timestamp, limits,
};
use filedex_planner::{
    AnswerHit, Explanation, Highlight, NearestPath, Parts, Request, Why, answer, highlights, why,
};
use filedex_query::{Controls, Fusion, Parameters, Query as Parsed, QueryType, ThumbnailMode};

use crate::ask::Asked;
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
    /// A picture to be similar to: the URI of a file of the version, or a path on this machine;
    /// needs an embedding space.
    pub query_image: Option<String>,
    /// A video to be similar to: the URI of a file of the version; needs an embedding space.
    pub query_video: Option<String>,
    /// What to order by.
    pub sort_by: Option<SortBy>,
    /// In which direction.
    pub order: Option<Order>,
    /// Records of which status.
    pub status: Option<StatusFilter>,
    /// How thumbnails are wanted, for whoever makes them.
    pub thumbnail_mode: Option<ThumbnailMode>,
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
    vector: Option<Vec<f32>>,
    model: Option<String>,
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
            thumbnail_mode: o.thumbnail_mode,
            next_token: o.next_token.map(|cursor| cursor.to_string()),
            expression: o.expression,
            ..Parameters::default()
        };
        let mut query = Self::of(parameters.compile()?);
        // What an expression says wins.
        query.limit = o.max_results.filter(|_| query.parsed.controls.max_results.is_none());
        Ok(query)
    }

    /// A question from a filter that was built in code.
    #[must_use]
    pub fn filter(filter: Filter) -> Self {
        Self::of(Parsed { filter, ..Parsed::default() })
    }

    fn of(parsed: Parsed) -> Self {
        Self {
            parsed,
            limit: None,
            cursor: None,
            highlight: false,
            explain: false,
            now: None,
            vector: None,
            model: None,
        }
    }

    /// Asks for what is near to a vector, as `Content:'…'` does for a text.
    ///
    /// ```
    /// use filedex::{Database, NewFile, NewSpace, NewVector, Query};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// db.create_space(&version, &NewSpace::new("shapes", "my-model", 2))?;
    /// let mut batch = db.batch(&version);
    /// for (uri, vector) in [("file:///a.png", vec![1.0, 0.0]), ("file:///b.png", vec![0.0, 1.0])] {
    ///     batch.create_embedded(NewFile::at(uri), vec![NewVector::of(vector)]);
    /// }
    /// batch.commit()?;
    /// let near = Query::parse("HAS Uri")?.vector(vec![0.6, 0.8]).top_k(1);
    /// let page = db.reader()?.list(&version, &near)?;
    /// assert_eq!(page.hits[0].record.uri, "file:///b.png");
    /// assert!((page.hits[0].score.unwrap() - 0.8).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn vector(mut self, vector: Vec<f32>) -> Self {
        self.vector = Some(vector);
        self
    }

    /// Says which model made the vector; a space of another refuses the question.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Searches this embedding space; the version's chosen one by default.
    #[must_use]
    pub fn space(mut self, name: impl Into<String>) -> Self {
        self.parsed.controls.space = Some(name.into());
        self
    }

    /// At most this many hits on all pages of an answer that is ranked by meaning: 1 to 5,000, 100
    /// by default.
    #[must_use]
    pub fn top_k(mut self, top_k: u32) -> Self {
        self.parsed.controls.top_k = Some(top_k);
        self
    }

    /// Only hits of a similarity above this.
    #[must_use]
    pub fn above(mut self, score: f32) -> Self {
        self.parsed.controls.score_threshold = Some(score);
        self
    }

    /// Wants the nearest certified exact, whatever it costs.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.parsed.controls.exact = Some(true);
        self
    }

    /// How words and meaning are joined where both rank, and the weight of meaning, 0 to 1; by
    /// default the convex combination with 0.6.
    #[must_use]
    pub fn fuse(mut self, fusion: Fusion, weight: Option<f32>) -> Self {
        self.parsed.controls.fusion = Some(fusion);
        self.parsed.controls.vector_weight = weight;
        self
    }

    /// Which sources rank: meaning alone under VECTOR, words too under MIX, the default.
    #[must_use]
    pub fn query_type(mut self, query_type: QueryType) -> Self {
        self.parsed.controls.query_type = Some(query_type);
        self
    }

    fn asks_explanation(&self) -> bool {
        self.explain
    }

    pub(crate) fn controls(&self) -> &Controls {
        &self.parsed.controls
    }

    /// The vector that was given, with its model where that was.
    pub(crate) fn given_vector(&self) -> (Option<&[f32]>, Option<&str>) {
        (self.vector.as_deref(), self.model.as_deref())
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

    /// Asks for what also passes another filter. A question by meaning finds the nearest of those.
    ///
    /// ```
    /// use filedex::{Filter, Property, Query, Test, Value};
    /// let images = Test::Equals(Value::Text("image".into()));
    /// let query = Query::parse("HAS Comment")?.narrow(Filter::test(Property::FileType, images));
    /// assert_eq!(query.to_string(), "HAS Comment AND FileType = 'image'");
    /// # Ok::<(), filedex::Error>(())
    /// ```
    #[must_use]
    pub fn narrow(mut self, filter: Filter) -> Self {
        self.parsed.filter = Filter::and([self.parsed.filter, filter]);
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

    /// Records on a page, where the question says.
    #[must_use]
    pub fn max_results(&self) -> Option<u32> {
        self.limit.or(self.parsed.controls.max_results)
    }

    /// How thumbnails are wanted, where the question says (`ThumbnailMode='w_200'`).
    #[must_use]
    pub fn thumbnail_mode(&self) -> Option<ThumbnailMode> {
        self.parsed.controls.thumbnail_mode
    }

    /// The filter; a QueryText that ranks by words is in it.
    #[must_use]
    pub fn as_filter(&self) -> Filter {
        let ranked = self.parsed.controls.query_text.iter().map(|text| {
            Filter::test(filedex_model::Property::Text, filedex_model::Test::AnyWord(text.clone()))
        });
        Filter::and([self.parsed.filter.clone()].into_iter().chain(ranked))
    }

    /// The request without what it is to be near to.
    pub(crate) fn request(&self, filter: Filter, explain: bool) -> Request {
        let controls = &self.parsed.controls;
        let cursor = match (&self.cursor, &controls.next_token) {
            (Some(cursor), _) => Some(cursor.clone()),
            (None, Some(token)) if !token.is_empty() => Some(Cursor::new(token.clone())),
            _ => None,
        };
        Request {
            status: controls.status.unwrap_or_default(),
            sort: controls.sort_by.clone(),
            order: controls.order.unwrap_or_default(),
            limit: self.limit.or(controls.max_results).unwrap_or(limits::PAGE_DEFAULT),
            cursor,
            now: self.now.unwrap_or_else(Timestamp::now),
            explain,
            ..Request::new(filter)
        }
    }

    /// The filter as it was written.
    pub(crate) fn plain_filter(&self) -> Filter {
        self.parsed.filter.clone()
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parsed.fmt(f)
    }
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
    /// Its similarity where the page is ranked by meaning, whatever that was joined with; its BM25
    /// score where the page is ranked by text alone.
    pub score: Option<f32>,
    /// Its score in each source, where the page is ranked by meaning.
    pub parts: Option<Parts>,
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
    /// How the nearest were found, where the page is ranked by meaning: [`NearestPath::Exact`] is
    /// certified.
    pub nearest: Option<NearestPath>,
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
        let Asked { request, source } = self.asked(version, query, query.asks_explanation())?;
        let answer = answer(&request, &source)?;
        let mut hits = Vec::with_capacity(answer.hits.len());
        for AnswerHit { row, id, score, parts } in answer.hits {
            let record = source.snapshot.store.record(version.key, row)?.ok_or_else(|| {
                Error::new(ErrorKind::Damaged, format!("file {id} is indexed but has no record"))
            })?;
            let highlights =
                if query.highlight { highlights(&record, &answer.texts) } else { Vec::new() };
            hits.push(ListedFile { record, score, parts, highlights });
        }
        Ok(Page {
            total: answer.total,
            hits,
            next: answer.next,
            explanation: answer.explanation,
            nearest: answer.nearest,
        })
    }

    /// How many records a question finds; of one that is ranked by meaning, at most TopK.
    ///
    /// # Errors
    /// As [`Reader::list`].
    pub fn count(&self, version: &VersionRef, query: &Query) -> Result<u64> {
        let mut counting = query.clone().limit(1);
        counting.cursor = None;
        counting.parsed.controls.next_token = None;
        let Asked { request, source } = self.asked(version, &counting, false)?;
        Ok(answer(&request, &source)?.total)
    }

    /// Why a record is in the answer to a question, or why not: each clause of the filter, its place
    /// and its score in each source.
    ///
    /// ```
    /// use filedex::{Database, NewFile, Query};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// let mut batch = db.batch(&version);
    /// batch.create(NewFile::at("file:///a.png"));
    /// batch.commit()?;
    /// let query = Query::parse("FileType = 'video'")?;
    /// let why = db.reader()?.why(&version, &query, &version.file_id("file:///a.png"))?;
    /// assert_eq!(why.reasons(), ["it does not satisfy FileType = 'video'"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Reader::list`].
    pub fn why(&self, version: &VersionRef, query: &Query, id: &FileId) -> Result<Why> {
        let Asked { request, source } = self.asked(version, query, false)?;
        Ok(why(&request, id, &source)?)
    }
}
