//! Control clauses: which there are, and reading each into its typed place.

use std::fmt;

use filedex_model::limits;

use crate::controls::{Controls, Fusion, QueryType, SignMode};
use crate::error::{ErrorKind, Fault};
use crate::literal;
use crate::operator::Operator;
use crate::span::{Span, Spanned};
use crate::syntax::{Clause, Operand, Scalar};
use crate::words::{self, Named};

/// A property of the query itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    QueryType,
    Content,
    SimilarTo,
    TopK,
    ScoreThreshold,
    Exact,
    Space,
    Fusion,
    VectorWeight,
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
    pub(crate) const EVERY: [Self; 16] = [
        Self::QueryType,
        Self::Content,
        Self::SimilarTo,
        Self::TopK,
        Self::ScoreThreshold,
        Self::Exact,
        Self::Space,
        Self::Fusion,
        Self::VectorWeight,
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
            Self::SimilarTo => "SimilarTo",
            Self::TopK => "TopK",
            Self::ScoreThreshold => "ScoreThreshold",
            Self::Exact => "Exact",
            Self::Space => "Space",
            Self::Fusion => "Fusion",
            Self::VectorWeight => "VectorWeight",
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
            Self::SimilarTo => "SimilarTo = 'oss://bucket/car.png'",
            Self::TopK => "TopK = 100",
            Self::ScoreThreshold => "ScoreThreshold = 0.6",
            Self::Exact => "Exact = true",
            Self::Space => "Space = 'caption'",
            Self::Fusion => "Fusion = 'CONVEX'",
            Self::VectorWeight => "VectorWeight = 0.6",
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

    /// The control property that says the same thing in another way, if there is one.
    fn rival(self) -> Option<Self> {
        match self {
            Self::Content => Some(Self::SimilarTo),
            Self::SimilarTo => Some(Self::Content),
            _ => None,
        }
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
        if let Some(rival) = control.rival().filter(|rival| self.seen.contains(rival)) {
            let message = format!("`{control}` cannot stand beside `{rival}`");
            return Err(fault(message, clause.path.span)
                .help("a search has one thing to be similar to: leave one of them out"));
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
            Control::SimilarTo => controls.similar_to = Some(filled(control, value)?),
            Control::TopK => controls.top_k = Some(count(control, value, limits::TOP_K)?),
            Control::ScoreThreshold => controls.score_threshold = Some(score(control, value)?),
            Control::Exact => controls.exact = Some(literal::boolean(&control, value)?),
            Control::Space => controls.space = Some(space_name(value)?),
            Control::Fusion => controls.fusion = Some(word(value, Fusion::named)?),
            Control::VectorWeight => controls.vector_weight = Some(weight(control, value)?),
            Control::Status => controls.status = Some(word(value, words::status)?),
            Control::SortBy => controls.sort_by = Some(word(value, words::sort_by)?),
            Control::Order => controls.order = Some(word(value, words::order)?),
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
    float(value).ok_or_else(|| {
        Fault::new(ErrorKind::Value, format!("{control} is a number such as 0.6")).at(value.span)
    })
}

/// A share of the whole.
fn weight(control: Control, value: &Spanned<Scalar>) -> Result<f32, Fault> {
    // -0 is let pass as the zero it equals, so that it is kept and printed as one.
    float(value).filter(|weight| (0.0..=1.0).contains(weight)).map(f32::abs).ok_or_else(|| {
        Fault::new(ErrorKind::Value, format!("{control} is a number from 0 to 1"))
            .at(value.span)
            .help("1 is meaning alone, 0 is words alone")
    })
}

/// A finite number as the language writes numbers, in quotes or not.
fn float(value: &Spanned<Scalar>) -> Option<f32> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    literal::number(text)?;
    text.parse().ok().filter(|number: &f32| number.is_finite())
}

fn space_name(value: &Spanned<Scalar>) -> Result<String, Fault> {
    let name = filled(Control::Space, value)?;
    if name.len() > limits::SPACE_NAME_BYTES {
        let most = limits::SPACE_NAME_BYTES;
        let message = format!("the name of an embedding space has at most {most} bytes");
        return Err(Fault::new(ErrorKind::Value, message).at(value.span));
    }
    Ok(name)
}

/// A word in quotes or not, read by `named`.
fn word<T>(value: &Spanned<Scalar>, named: fn(&str) -> Named<T>) -> Result<T, Fault> {
    let (Scalar::Quoted(text) | Scalar::Bare(text)) = &value.node;
    named(text).map_err(|(message, known)| words::unknown(message, &known).at(value.span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_has_an_example_and_a_row_in_the_reference() {
        const REFERENCE: &str = include_str!("../../../grammar/QUERY.md");
        for control in Control::EVERY {
            let example = control.example();
            let printed = crate::parse(example).map(|query| query.to_string());
            assert_eq!(printed.as_deref(), Ok(example));
            assert!(REFERENCE.contains(&format!("\n| `{control}` ")), "{control}");
        }
    }
}
