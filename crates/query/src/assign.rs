//! Control clauses: which there are, and reading each into its typed place.

use std::fmt;

use filedex_model::{Order, SortBy, StatusFilter, limits};

use crate::controls::{Controls, QueryType, SignMode};
use crate::error::{ErrorKind, Fault, joined, shortened};
use crate::literal;
use crate::names::{self, Target};
use crate::operator::Operator;
use crate::parser;
use crate::span::{Span, Spanned};
use crate::syntax::{Clause, Operand, Scalar};

/// A property of the query itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    QueryType,
    Content,
    TopK,
    ScoreThreshold,
    Status,
    SortBy,
    Order,
    MaxResults,
    NextToken,
    SignMode,
    ThumbnailMode,
}

impl Control {
    /// Every control property, in the order they are printed.
    pub(crate) const EVERY: [Self; 11] = [
        Self::QueryType,
        Self::Content,
        Self::TopK,
        Self::ScoreThreshold,
        Self::Status,
        Self::SortBy,
        Self::Order,
        Self::MaxResults,
        Self::NextToken,
        Self::SignMode,
        Self::ThumbnailMode,
    ];

    /// The name in the language.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::QueryType => "QueryType",
            Self::Content => "Content",
            Self::TopK => "TopK",
            Self::ScoreThreshold => "ScoreThreshold",
            Self::Status => "Status",
            Self::SortBy => "SortBy",
            Self::Order => "Order",
            Self::MaxResults => "MaxResults",
            Self::NextToken => "NextToken",
            Self::SignMode => "SignMode",
            Self::ThumbnailMode => "ThumbnailMode",
        }
    }

    /// The control property called `name`, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|control| control.name().eq_ignore_ascii_case(name))
    }

    /// A clause that sets it, for messages.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::QueryType => "QueryType = 'MIX'",
            Self::Content => "Content:'a red car'",
            Self::TopK => "TopK = 100",
            Self::ScoreThreshold => "ScoreThreshold = 0.6",
            Self::Status => "Status = 'ALL'",
            Self::SortBy => "SortBy = 'FileUpdateTime'",
            Self::Order => "Order = 'ASC'",
            Self::MaxResults => "MaxResults = 50",
            Self::NextToken => "NextToken = '…'",
            Self::SignMode => "SignMode = 'PUBLIC'",
            Self::ThumbnailMode => "ThumbnailMode = 'w_100'",
        }
    }

    fn operator(self) -> Operator {
        if self == Self::Content { Operator::Match } else { Operator::Equals }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The control clauses of one query, each read at most once.
#[derive(Default)]
pub(crate) struct Assignments {
    controls: Controls,
    seen: Vec<Control>,
}

impl Assignments {
    /// What was set.
    pub(crate) fn finish(self) -> Controls {
        self.controls
    }

    /// Reads one clause.
    pub(crate) fn assign(&mut self, control: Control, clause: &Clause) -> Result<(), Fault> {
        let fault = |message: String, span: Span| Fault::new(ErrorKind::Control, message).at(span);
        if self.seen.contains(&control) {
            return Err(fault(format!("`{control}` is given twice"), clause.path.span));
        }
        if clause.operator.node != control.operator() {
            let (given, wanted) = (clause.operator.node.symbol(), control.operator().symbol());
            let message = format!("`{control}` takes `{wanted}` only, not `{given}`");
            return Err(
                fault(message, clause.operator.span).help(format!("write {}", control.example()))
            );
        }
        let Operand::Scalar(scalar) = &clause.operand.node else {
            let message = format!("`{control}` takes a single value without marks");
            return Err(
                fault(message, clause.operand.span).help(format!("write {}", control.example()))
            );
        };
        self.seen.push(control);
        self.set(control, &Spanned::new(scalar.clone(), clause.operand.span))
    }

    fn set(&mut self, control: Control, value: &Spanned<Scalar>) -> Result<(), Fault> {
        let controls = &mut self.controls;
        match control {
            Control::QueryType => controls.query_type = Some(word(value, QueryType::named)?),
            Control::Content => controls.content = Some(filled(control, value)?),
            Control::TopK => controls.top_k = Some(count(control, value, limits::TOP_K)?),
            Control::ScoreThreshold => controls.score_threshold = Some(score(control, value)?),
            Control::Status => controls.status = Some(word(value, status)?),
            Control::SortBy => controls.sort_by = Some(word(value, sort_by)?),
            Control::Order => controls.order = Some(word(value, order)?),
            Control::MaxResults => {
                controls.max_results = Some(count(control, value, limits::MAX_RESULTS)?);
            }
            Control::NextToken => controls.next_token = Some(filled(control, value)?),
            Control::SignMode => controls.sign_mode = Some(word(value, SignMode::named)?),
            Control::ThumbnailMode => {
                let mode = literal::text(value)?.parse();
                controls.thumbnail_mode = Some(mode.map_err(|fault: crate::QueryError| {
                    let at = Fault::new(ErrorKind::Value, fault.message()).at(value.span);
                    at.help(fault.help().unwrap_or_default())
                })?);
            }
        }
        Ok(())
    }
}

/// Text in quotes that is not blank.
fn filled(control: Control, value: &Spanned<Scalar>) -> Result<String, Fault> {
    let text = literal::text(value)?;
    if text.trim().is_empty() {
        let message = format!("`{control}` is blank");
        return Err(Fault::new(ErrorKind::Value, message)
            .at(value.span)
            .help(format!("leave {control} out, or write {}", control.example())));
    }
    Ok(text)
}

/// A whole number from 1 to `most`, in quotes or not.
fn count(control: Control, value: &Spanned<Scalar>, most: u32) -> Result<u32, Fault> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(count) if digits && (1..=most).contains(&count) => Ok(count),
        _ => {
            let message = format!("{control} is a whole number from 1 to {most}");
            Err(Fault::new(ErrorKind::Value, message).at(value.span))
        }
    }
}

fn score(control: Control, value: &Spanned<Scalar>) -> Result<f32, Fault> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    match text.parse::<f32>() {
        Ok(score) if score.is_finite() && literal::number(text).is_some() => Ok(score),
        _ => Err(Fault::new(ErrorKind::Value, format!("{control} is a number such as 0.6"))
            .at(value.span)),
    }
}

/// What a reader of single words answers: the value, or the words there are.
pub(crate) type Named<T> = Result<T, (String, Vec<&'static str>)>;

/// A word in quotes or not, read by `named`.
fn word<T>(value: &Spanned<Scalar>, named: fn(&str) -> Named<T>) -> Result<T, Fault> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    named(text).map_err(|(message, known)| unknown_word(message, &known).at(value.span))
}

/// The fault of a word outside an enumeration.
pub(crate) fn unknown_word(message: String, known: &[&str]) -> Fault {
    let fault = Fault::new(ErrorKind::Value, message);
    let quoted: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
    fault.help(format!("it is one of {}", joined(&quoted, " or ")))
}

/// The value called `text` in any case, of those in `table`.
pub(crate) fn lookup<T: Clone>(what: &str, text: &str, table: &[(&'static str, T)]) -> Named<T> {
    let found = table.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let known = table.iter().map(|(name, _)| *name).collect();
        (format!("`{}` is no {what}", shortened(text)), known)
    })
}

/// The status filter called `text`.
pub(crate) fn status(text: &str) -> Named<StatusFilter> {
    let table = [
        ("ACTIVE", StatusFilter::Active),
        ("DELETED", StatusFilter::Deleted),
        ("ALL", StatusFilter::All),
    ];
    lookup("Status", text, &table)
}

/// The order called `text`.
pub(crate) fn order(text: &str) -> Named<Order> {
    lookup("Order", text, &[("ASC", Order::Asc), ("DESC", Order::Desc)])
}

/// The sort key called `text`.
pub(crate) fn sort_by(text: &str) -> Named<SortBy> {
    if text.eq_ignore_ascii_case("Relevance") {
        return Ok(SortBy::Relevance);
    }
    let target = parser::parse_path(text).and_then(|path| names::target(&path).ok());
    match target {
        Some(Target::Property(property)) => SortBy::of(&property),
        _ => None,
    }
    .ok_or_else(|| {
        let known = vec![
            "Relevance",
            "FileName",
            "DataSize",
            "FileCreateTime",
            "FileUpdateTime",
            "TagUpdateTime",
            "SyncTime",
            "SemanticIndexUpdateTime",
            "RecordCreateTime",
            "Attributes.NAME",
        ];
        (format!("nothing can be sorted by `{}`", shortened(text)), known)
    })
}
