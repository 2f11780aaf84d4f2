//! What a query says about itself rather than about records: paging, order, ranking.

use std::fmt;
use std::str::FromStr;

use filedex_model::property::quoted;
use filedex_model::{Order, SortBy, StatusFilter};
use serde::{Deserialize, Serialize};

use crate::assign::Control;
use crate::error::QueryError;
use crate::thumbnail::ThumbnailMode;
use crate::words::{self, Named};

/// The control properties of a query; `None` where the query says nothing.
///
/// ```
/// use filedex_query::{QueryType, parse};
/// let controls = parse("Content:'a red car' AND TopK=100 AND QueryType='VECTOR'")?.controls;
/// assert_eq!(controls.content.as_deref(), Some("a red car"));
/// assert_eq!(controls.top_k, Some(100));
/// assert_eq!(controls.query_type, Some(QueryType::Vector));
/// assert_eq!(controls.max_results, None);
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Controls {
    /// `Status`: which records are covered; those not deleted by default.
    pub status: Option<StatusFilter>,
    /// `QueryType`: whether tags, vectors or both are searched; both by default.
    pub query_type: Option<QueryType>,
    /// `Content`: the text whose meaning is searched for.
    pub content: Option<String>,
    /// `SimilarTo`: the URI or id of the file to find more like. Never blank, and never beside
    /// `content` in a query that came from [`parse`](crate::parse).
    pub similar_to: Option<String>,
    /// `TopK`: the most hits a search by meaning has, 1 to `limits::TOP_K`.
    pub top_k: Option<u32>,
    /// `ScoreThreshold`: hits have a score above this. Always finite.
    pub score_threshold: Option<f32>,
    /// `Exact`: whether a search by meaning must be certified exact; the planner's choice by
    /// default.
    pub exact: Option<bool>,
    /// `Space`: the name of the embedding space to search, at most `limits::SPACE_NAME_BYTES`; the
    /// version's chosen one by default. Never blank.
    pub space: Option<String>,
    /// `Fusion`: how words and meaning are joined under MIX.
    pub fusion: Option<Fusion>,
    /// `VectorWeight`: the weight of meaning, 0 to 1; the rest is the words'.
    pub vector_weight: Option<f32>,
    /// `SignMode`: how addresses for downloads are signed.
    pub sign_mode: Option<SignMode>,
    /// `ThumbnailMode`: how thumbnails are made.
    pub thumbnail_mode: Option<ThumbnailMode>,
    /// `SortBy`: what hits are ordered by.
    pub sort_by: Option<SortBy>,
    /// `Order`: the direction, descending by default.
    pub order: Option<Order>,
    /// `NextToken`: the page to go on with. Never empty.
    pub next_token: Option<String>,
    /// `MaxResults`: the page size, 1 to `limits::MAX_RESULTS`.
    pub max_results: Option<u32>,
    /// The text of the parameter QueryText under VECTOR and MIX. The language has no form for it
    /// (`Text:'…'` is a filter), so it is not printed.
    pub query_text: Option<String>,
    /// The address of the parameter QueryImage; not printed.
    pub query_image: Option<String>,
    /// The address of the parameter QueryVideo; not printed.
    pub query_video: Option<String>,
}

/// Which sources a query searches.
///
/// ```
/// use filedex_query::QueryType;
/// assert_eq!("vector".parse::<QueryType>()?, QueryType::Vector);
/// assert_eq!(QueryType::default().to_string(), "MIX");
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QueryType {
    /// Tags and other properties; no search by meaning.
    Tag,
    /// Search by meaning; tag parameters are ignored.
    Vector,
    /// Both.
    #[default]
    Mix,
}

/// How the two rankings of a query under [`QueryType::Mix`] become one.
///
/// ```
/// use filedex_query::Fusion;
/// assert_eq!("rrf".parse::<Fusion>()?, Fusion::Rrf);
/// assert_eq!(Fusion::default().to_string(), "CONVEX");
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Fusion {
    /// The weighted sum of the similarity and of BM25 over the query's best BM25.
    #[default]
    Convex,
    /// Reciprocal rank fusion with k = 60: places in the two rankings count, scores do not.
    Rrf,
}

/// How addresses for downloads are signed. `PUBLIC` is the only published value.
///
/// ```
/// use filedex_query::SignMode;
/// assert_eq!("PUBLIC".parse::<SignMode>()?, SignMode::Public);
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum SignMode {
    /// For the public network.
    Public,
}

impl QueryType {
    pub(crate) fn named(text: &str) -> Named<Self> {
        let table = [("TAG", Self::Tag), ("VECTOR", Self::Vector), ("MIX", Self::Mix)];
        words::lookup("QueryType", text, &table)
    }
}

impl Fusion {
    pub(crate) fn named(text: &str) -> Named<Self> {
        words::lookup("Fusion", text, &[("CONVEX", Self::Convex), ("RRF", Self::Rrf)])
    }
}

impl SignMode {
    pub(crate) fn named(text: &str) -> Named<Self> {
        words::lookup("SignMode", text, &[("PUBLIC", Self::Public)])
    }
}

impl FromStr for QueryType {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        published(Self::named(text))
    }
}

impl FromStr for Fusion {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        published(Self::named(text))
    }
}

impl FromStr for SignMode {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        published(Self::named(text))
    }
}

impl fmt::Display for QueryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tag => "TAG",
            Self::Vector => "VECTOR",
            Self::Mix => "MIX",
        })
    }
}

impl fmt::Display for Fusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Convex => "CONVEX",
            Self::Rrf => "RRF",
        })
    }
}

impl fmt::Display for SignMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("PUBLIC"),
        }
    }
}

/// Reads a sort key: `Relevance`, a sortable property in any case, or an attribute's path.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) for anything else.
///
/// ```
/// use filedex_model::SortBy;
/// assert_eq!(filedex_query::parse_sort_by("FileName")?, SortBy::FileName);
/// assert!(filedex_query::parse_sort_by("Attributes.exif.iso").is_ok());
/// assert!(filedex_query::parse_sort_by("Tags.user").is_err());
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
pub fn parse_sort_by(text: &str) -> Result<SortBy, QueryError> {
    published(words::sort_by(text))
}

/// Reads a direction: `ASC` or `DESC`, in any case.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) for anything else.
///
/// ```
/// assert_eq!(filedex_query::parse_order("asc")?, filedex_model::Order::Asc);
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
pub fn parse_order(text: &str) -> Result<Order, QueryError> {
    published(words::order(text))
}

/// Reads a status filter: `ACTIVE`, `DELETED` or `ALL`, in any case.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) for anything else.
///
/// ```
/// assert_eq!(filedex_query::parse_status("ALL")?, filedex_model::StatusFilter::All);
/// # Ok::<(), filedex_query::QueryError>(())
/// ```
pub fn parse_status(text: &str) -> Result<StatusFilter, QueryError> {
    published(words::status(text))
}

fn published<T>(named: Named<T>) -> Result<T, QueryError> {
    named.map_err(|(message, known)| QueryError::new(words::unknown(message, &known), ""))
}

impl Controls {
    /// The clauses that set these controls, in a fixed order.
    pub(crate) fn clauses(&self) -> Vec<String> {
        Control::EVERY.into_iter().filter_map(|control| self.clause(control)).collect()
    }

    fn clause(&self, control: Control) -> Option<String> {
        let value = match control {
            Control::QueryType => self.query_type.map(|v| quoted(&v.to_string())),
            Control::Content => {
                return self.content.as_ref().map(|v| format!("{control}:{}", quoted(v)));
            }
            Control::SimilarTo => self.similar_to.as_deref().map(quoted),
            Control::TopK => self.top_k.map(|v| v.to_string()),
            Control::ScoreThreshold => self.score_threshold.map(|v| format!("{v:?}")),
            Control::Exact => self.exact.map(|v| v.to_string()),
            Control::Space => self.space.as_deref().map(quoted),
            Control::Fusion => self.fusion.map(|v| quoted(&v.to_string())),
            Control::VectorWeight => self.vector_weight.map(|v| format!("{v:?}")),
            Control::Status => self.status.map(|v| quoted(status_name(v))),
            Control::SortBy => self.sort_by.as_ref().map(|v| quoted(&v.to_string())),
            Control::Order => self.order.map(|v| quoted(order_name(v))),
            Control::MaxResults => self.max_results.map(|v| v.to_string()),
            Control::NextToken => self.next_token.as_deref().map(quoted),
            Control::SignMode => self.sign_mode.map(|v| quoted(&v.to_string())),
            Control::ThumbnailMode => self.thumbnail_mode.map(|v| quoted(&v.to_string())),
        };
        value.map(|value| format!("{control} = {value}"))
    }
}

fn status_name(status: StatusFilter) -> &'static str {
    match status {
        StatusFilter::Active => "ACTIVE",
        StatusFilter::Deleted => "DELETED",
        StatusFilter::All => "ALL",
    }
}

fn order_name(order: Order) -> &'static str {
    match order {
        Order::Asc => "ASC",
        Order::Desc => "DESC",
    }
}
