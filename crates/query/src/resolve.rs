//! Syntax to meaning: names to properties, values to types, the tree to a filter and controls.

use filedex_model::analysis::units;
use filedex_model::{Bound, Filter, Kind, Property, Range, Test, Value, limits};

use crate::assign::{Assignments, Control};
use crate::error::{ErrorKind, Fault, joined, listed, shortened};
use crate::literal;
use crate::names::{self, Target};
use crate::operator::{Operator, noun, taken, takes};
use crate::query::Query;
use crate::span::{Span, Spanned};
use crate::syntax::{Clause, Mark, Node, Operand, Path, Scalar};

/// The meaning of a tree; no tree is the blank query, which every record matches.
pub(crate) fn resolve(tree: Option<&Node>) -> Result<Query, Fault> {
    let mut conjuncts = Vec::new();
    if let Some(tree) = tree {
        flatten(tree, &mut conjuncts);
    }
    let mut assignments = Assignments::default();
    let mut filters = Vec::new();
    for conjunct in conjuncts {
        if let Node::Clause(clause) = conjunct
            && let Target::Control(control) = names::target(&clause.path)?
        {
            assignments.assign(control, clause)?;
        } else {
            filters.push(filter(conjunct, None)?);
        }
    }
    Ok(Query { filter: Filter::and(filters), controls: assignments.finish() })
}

/// The clauses of the top-level AND chain, plain parentheses looked through.
fn flatten<'a>(node: &'a Node, conjuncts: &mut Vec<&'a Node>) {
    match node {
        Node::And(parts) => parts.iter().for_each(|part| flatten(part, conjuncts)),
        other => conjuncts.push(other),
    }
}

/// The filter of a node; `under` is the OR or NOT it stands under, if any.
fn filter(node: &Node, under: Option<&'static str>) -> Result<Filter, Fault> {
    let all = |parts: &[Node], under| {
        parts.iter().map(|part| filter(part, under)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match node {
        Node::Everything => Filter::All,
        Node::And(parts) => Filter::and(all(parts, under)?),
        Node::Or(parts) => Filter::or(all(parts, Some("OR"))?),
        Node::Not(inner) => Filter::not(filter(inner, Some("NOT"))?),
        Node::Has(path) => {
            let property = property(path, Some("HAS"))?;
            if !takes(&property, Operator::Has) {
                return Err(refused(&property, &Spanned::new(Operator::Has, path.span)));
            }
            Filter::test(property, Test::Has)
        }
        Node::Clause(clause) => leaf(property(&clause.path, under)?, clause)?,
    })
}

/// The property a path names; a control property is refused here, `under` says why.
fn property(path: &Path, under: Option<&'static str>) -> Result<Property, Fault> {
    match names::target(path)? {
        Target::Property(property) => Ok(property),
        Target::Control(control) => Err(misplaced(control, path.span, under)),
    }
}

fn misplaced(control: Control, span: Span, under: Option<&'static str>) -> Fault {
    let message = match under {
        Some(word) => format!("`{control}` cannot stand under {word}"),
        None => format!("`{control}` cannot stand here"),
    };
    Fault::new(ErrorKind::Control, message)
        .at(span)
        .help(format!("{control} controls the whole query: write … AND {}", control.example()))
}

fn leaf(property: Property, clause: &Clause) -> Result<Filter, Fault> {
    if !takes(&property, clause.operator.node) {
        return Err(refused(&property, &clause.operator));
    }
    let operand = &clause.operand;
    match clause.operator.node {
        Operator::Match => matching(property, operand),
        Operator::Equals => equality(property, operand, clause),
        Operator::Differs => equality(property, operand, clause).map(Filter::not),
        Operator::In => membership(property, operand),
        Operator::Contains => part(property, operand, Operator::Contains, Test::Contains),
        Operator::Glob => part(property, operand, Operator::Glob, Test::Glob),
        operator => range(property, operand, operator),
    }
}

/// The fault of an operator the property does not take, with the ones it does.
fn refused(property: &Property, operator: &Spanned<Operator>) -> Fault {
    let kind = property.kind();
    let message =
        format!("`{property}` is {} and does not take `{}`", noun(kind), operator.node.symbol());
    let fault = Fault::new(ErrorKind::Operator, message).at(operator.span);
    if kind == Kind::Date && operator.node == Operator::Equals {
        return fault.help(format!(
            "for one day write {property} >= '2025-01-31' AND {property} < '2025-02-01'"
        ));
    }
    if kind == Kind::Ranked {
        return fault.help(TEXT_FORMS);
    }
    fault.help(format!("it takes {}", listed(&taken(property), " and ")))
}

const TEXT_FORMS: &str = "write Text:'any of these words' or Text:ALL('all', 'of', 'these')";

/// `P : operand`. On keywords this is equality; on text the words are looked for.
fn matching(property: Property, operand: &Spanned<Operand>) -> Result<Filter, Fault> {
    let keyword = property.kind() == Kind::Keyword;
    let ranked = property.kind() == Kind::Ranked;
    let test = match &operand.node {
        Operand::Scalar(scalar) => {
            let text = literal::text(&Spanned::new(scalar.clone(), operand.span))?;
            match (keyword, ranked) {
                (true, _) => Test::Equals(Value::Text(text)),
                (_, true) => Test::AnyWord(words(text, operand.span)?),
                _ => Test::Phrase(words(text, operand.span)?),
            }
        }
        Operand::Marked(_, mark) if ranked => {
            return Err(Fault::new(ErrorKind::Operator, "`Text` takes no `*` and no `~`")
                .at(mark.span)
                .help(TEXT_FORMS));
        }
        Operand::Marked(text, mark) if keyword => {
            marked_whole(&property, text, mark, operand.span)?
        }
        Operand::Marked(text, mark) => marked_words(text, mark, operand.span)?,
        Operand::AllOf(texts) if keyword => {
            // `:` is equality here, so ALL asks for several values: Tags.all:ALL('car', 'red').
            let equals = texts.iter().map(|text| {
                Filter::test(property.clone(), Test::Equals(Value::Text(text.node.clone())))
            });
            return Ok(Filter::and(equals.collect::<Vec<_>>()));
        }
        Operand::AllOf(texts) => Test::AllWords(
            texts
                .iter()
                .map(|text| words(text.node.clone(), text.span))
                .collect::<Result<_, _>>()?,
        ),
        Operand::List(_) => return Err(out_of_place(operand.span)),
    };
    Ok(Filter::test(property, test))
}

/// `P = operand`.
fn equality(
    property: Property,
    operand: &Spanned<Operand>,
    clause: &Clause,
) -> Result<Filter, Fault> {
    let test = match &operand.node {
        Operand::Scalar(scalar) => {
            let scalar = Spanned::new(scalar.clone(), operand.span);
            Test::Equals(value(&property, &scalar)?)
        }
        Operand::Marked(text, mark) => {
            if matches!(property.kind(), Kind::Number | Kind::Bool) {
                let message =
                    format!("`{property}` is {} and takes no mark", noun(property.kind()));
                return Err(Fault::new(ErrorKind::Value, message).at(mark.span));
            }
            marked_whole(&property, text, mark, operand.span)?
        }
        Operand::AllOf(_) => {
            return Err(Fault::new(ErrorKind::Operator, "`ALL(…)` stands after `:` only")
                .at(clause.span())
                .help(format!("write {}:ALL('some', 'words')", clause.path.text)));
        }
        Operand::List(_) => return Err(out_of_place(operand.span)),
    };
    Ok(Filter::test(property, test))
}

/// `P IN (…)`.
fn membership(property: Property, operand: &Spanned<Operand>) -> Result<Filter, Fault> {
    let Operand::List(list) = &operand.node else {
        return Err(out_of_place(operand.span));
    };
    let values = list.iter().map(|item| value(&property, item)).collect::<Result<_, _>>()?;
    Ok(Filter::test(property, Test::In(values)))
}

/// A value to compare a property's whole value with.
fn value(property: &Property, scalar: &Spanned<Scalar>) -> Result<Value, Fault> {
    match property.kind() {
        Kind::Number => literal::numeric(property, scalar),
        Kind::Bool => literal::boolean(property, scalar).map(Value::Bool),
        Kind::Attribute => literal::any(scalar),
        Kind::Date => literal::date(property, scalar),
        Kind::Text | Kind::Keyword | Kind::Ranked => literal::text(scalar).map(Value::Text),
    }
}

/// `P CONTAINS 'part'` and `P GLOB 'pattern'`.
fn part(
    property: Property,
    operand: &Spanned<Operand>,
    operator: Operator,
    test: fn(String) -> Test,
) -> Result<Filter, Fault> {
    let Operand::Scalar(Scalar::Quoted(text)) = &operand.node else {
        return Err(out_of_place(operand.span));
    };
    let message = format!("nothing to look for after `{}`", operator.symbol());
    Ok(Filter::test(property, test(not_empty(text, operand.span, &message)?)))
}

/// `P < operand` and its kin.
fn range(
    property: Property,
    operand: &Spanned<Operand>,
    operator: Operator,
) -> Result<Filter, Fault> {
    let Operand::Scalar(scalar) = &operand.node else {
        let message = format!("`{}` takes a single value without marks", operator.symbol());
        return Err(Fault::new(ErrorKind::Value, message).at(operand.span));
    };
    let scalar = Spanned::new(scalar.clone(), operand.span);
    let value = match property.kind() {
        Kind::Date => literal::date(&property, &scalar)?,
        Kind::Attribute => literal::bound(&property, &scalar)?,
        _ => literal::numeric(&property, &scalar)?,
    };
    let (from, to) = match operator {
        Operator::Less => (Bound::Open, Bound::Excluded(value)),
        Operator::AtMost => (Bound::Open, Bound::Included(value)),
        Operator::Greater => (Bound::Excluded(value), Bound::Open),
        _ => (Bound::Included(value), Bound::Open),
    };
    Ok(Filter::test(property, Test::InRange(Range { from, to })))
}

/// A marked string compared with the whole value.
fn marked_whole(
    property: &Property,
    text: &str,
    mark: &Spanned<Mark>,
    span: Span,
) -> Result<Test, Fault> {
    let text = not_empty(text, span, "nothing before the mark")?;
    match edits(mark)? {
        None => Ok(Test::StartsWith(text)),
        // Ids are hashes: one that is nearly right is another file's or none's.
        Some(_) if *property == Property::Id => {
            Err(Fault::new(ErrorKind::Operator, format!("`{property}` takes no `~`"))
                .at(mark.span)
                .help("give the whole id, or its beginning: DatasetFileMetaId = '07914c95'*"))
        }
        Some(edits) => Ok(Test::Near(text, edits)),
    }
}

/// A marked string compared with words.
fn marked_words(text: &str, mark: &Spanned<Mark>, span: Span) -> Result<Test, Fault> {
    let text = words(text.to_owned(), span)?;
    match edits(mark)? {
        None => Ok(Test::PhrasePrefix(text)),
        Some(edits) if text.chars().all(char::is_alphanumeric) => Ok(Test::WordNear(text, edits)),
        Some(_) => Err(Fault::new(ErrorKind::Value, "a fuzzy match takes a single word")
            .at(span)
            .help("join fuzzy words with AND: FileName:'toyota'~1 AND FileName:'corola'~1")),
    }
}

/// The edits a mark allows; `None` for the prefix mark.
fn edits(mark: &Spanned<Mark>) -> Result<Option<u8>, Fault> {
    let Mark::Fuzzy(written) = &mark.node else {
        return Ok(None);
    };
    match written.parse() {
        Ok(edits) if (1..=limits::FUZZY_DISTANCE).contains(&edits) => Ok(Some(edits)),
        _ => {
            let marks: Vec<String> =
                (1..=limits::FUZZY_DISTANCE).map(|n| format!("`~{n}`")).collect();
            let message = format!("`~{}` is no fuzzy mark", shortened(written));
            Err(Fault::new(ErrorKind::Value, message)
                .at(mark.span)
                .help(format!("the fuzzy marks are {}", joined(&marks, " and "))))
        }
    }
}

/// `text`, if there is a word in it.
fn words(text: String, span: Span) -> Result<String, Fault> {
    if !units(&text).is_empty() {
        return Ok(text);
    }
    Err(Fault::new(ErrorKind::Value, "no words to look for: `:` looks for letters and digits")
        .at(span)
        .help("compare the whole value with `=`, or look for a part with `CONTAINS`"))
}

fn not_empty(text: &str, span: Span, message: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(Fault::new(ErrorKind::Value, message).at(span));
    }
    Ok(text.to_owned())
}

/// The fault of an operand the grammar does not allow after its operator.
fn out_of_place(span: Span) -> Fault {
    Fault::new(ErrorKind::Syntax, "this value cannot stand after this operator").at(span)
}
