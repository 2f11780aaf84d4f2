//! Text to syntax tree. The only module that names pest.

use pest::Parser as _;
use pest::error::{Error, ErrorVariant, InputLocation};
use pest::iterators::Pair;

use crate::depth::{self, Parentheses};
use crate::error::{ErrorKind, Fault, joined, shortened};
use crate::nesting::Nesting;
use crate::operator::Operator;
use crate::span::{Span, Spanned};
use crate::syntax::{Clause, Mark, Node, Operand, Path, Scalar};

#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/query.pest"]
struct Grammar;

/// The tree of a whole query; `None` for a blank one.
pub(crate) fn parse(text: &str) -> Result<Option<Node>, Fault> {
    let parentheses = depth::check(text)?;
    let mut pairs = Grammar::parse(Rule::query, text)
        .map_err(|error| unexpected(text, &error, &parentheses))?;
    let at = |at| Span::new(at, at + 1);
    if let Some(stray) = parentheses.stray {
        return Err(syntax_fault("this parenthesis closes nothing", at(stray)));
    }
    if let Some(open) = parentheses.unclosed {
        return Err(syntax_fault("this parenthesis is never closed", at(open)));
    }
    tree(next(&mut pairs).into_inner())
}

/// A path standing alone in `text`; `None` when it is none.
pub(crate) fn parse_path(text: &str) -> Option<Path> {
    let mut pairs = Grammar::parse(Rule::sole_path, text).ok()?;
    path(&next(&mut next(&mut pairs).into_inner())).ok()
}

/// The next part of a rule whose grammar says there is one more.
fn next<'a>(pairs: &mut impl Iterator<Item = Pair<'a, Rule>>) -> Pair<'a, Rule> {
    pairs.next().expect("callers ask only for parts that the grammar makes mandatory")
}

/// The tree of the flat row that a query is in the grammar.
fn tree<'a>(row: impl Iterator<Item = Pair<'a, Rule>>) -> Result<Option<Node>, Fault> {
    let mut nesting = Nesting::default();
    for pair in row {
        match pair.as_rule() {
            Rule::not => nesting.not(),
            Rule::open => nesting.open(),
            Rule::close => nesting.close(),
            Rule::or => nesting.or(),
            Rule::everything => nesting.clause(Node::Everything),
            // has, path
            Rule::existence => {
                nesting.clause(Node::Has(path(&next(&mut pair.into_inner().skip(1)))?));
            }
            Rule::clause => nesting.clause(Node::Clause(clause(pair)?)),
            // AND, and the end of the query.
            _ => {}
        }
    }
    Ok(nesting.end())
}

fn clause(pair: Pair<'_, Rule>) -> Result<Clause, Fault> {
    let mut parts = pair.into_inner();
    let path = path(&next(&mut parts))?;
    let condition = next(&mut parts);
    let rule = condition.as_rule();
    let mut parts = condition.into_inner();
    let sign = next(&mut parts);
    let operator = Operator::of_symbol(sign.as_str())
        .expect("the grammar's operators are those of the table: see the test below");
    let operand = if rule == Rule::membership {
        let list = parts.filter(|part| matches!(part.as_rule(), Rule::string | Rule::bare));
        let list = list.map(|part| scalar(&part)).collect::<Result<Vec<_>, _>>()?;
        let place = list.iter().map(|item| item.span).reduce(Span::to).unwrap_or(span(&sign));
        Spanned::new(Operand::List(list), place)
    } else {
        operand(next(&mut parts))?
    };
    Ok(Clause { path, operator: Spanned::new(operator, span(&sign)), operand })
}

fn operand(pair: Pair<'_, Rule>) -> Result<Spanned<Operand>, Fault> {
    let place = span(&pair);
    let operand = match pair.as_rule() {
        Rule::all_of => Operand::AllOf(
            pair.into_inner()
                .filter(|part| part.as_rule() == Rule::string)
                .map(|part| Ok(Spanned::new(string(&part)?, span(&part))))
                .collect::<Result<_, Fault>>()?,
        ),
        Rule::marked => {
            let mut parts = pair.into_inner();
            let text = string(&next(&mut parts))?;
            let sign = next(&mut parts);
            let mark = match sign.as_str().strip_prefix('~') {
                Some(edits) => Mark::Fuzzy(edits.to_owned()),
                None => Mark::Prefix,
            };
            Operand::Marked(text, Spanned::new(mark, span(&sign)))
        }
        _ => Operand::Scalar(scalar(&pair)?.node),
    };
    Ok(Spanned::new(operand, place))
}

fn scalar(pair: &Pair<'_, Rule>) -> Result<Spanned<Scalar>, Fault> {
    let scalar = if pair.as_rule() == Rule::string {
        Scalar::Quoted(string(pair)?)
    } else {
        Scalar::Bare(pair.as_str().to_owned())
    };
    Ok(Spanned::new(scalar, span(pair)))
}

fn path(pair: &Pair<'_, Rule>) -> Result<Path, Fault> {
    let names = pair.clone().into_inner().map(|part| {
        if part.as_rule() == Rule::string { string(&part) } else { Ok(part.as_str().to_owned()) }
    });
    Ok(Path {
        names: names.collect::<Result<_, _>>()?,
        text: pair.as_str().to_owned(),
        span: span(pair),
    })
}

/// A string's text: without its quotes, its escapes resolved.
fn string(pair: &Pair<'_, Rule>) -> Result<String, Fault> {
    let written = pair.as_str();
    let inside = &written[1..written.len() - 1]; // both quotes are one byte
    let mut text = String::with_capacity(inside.len());
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        match escaped {
            None => text.push(c),
            Some((_, c @ ('\'' | '"' | '\\'))) => text.push(c),
            Some((_, other)) => {
                let start = span(pair).start + 1 + at;
                let message =
                    format!("`\\{}` is no escape", shortened(other.encode_utf8(&mut [0; 4])));
                return Err(Fault::new(ErrorKind::Syntax, message)
                    .at(Span::new(start, start + 1 + other.len_utf8()))
                    .help(r#"the escapes are \' \" and \\; a backslash is written \\"#));
            }
        }
    }
    Ok(text)
}

fn span(pair: &Pair<'_, Rule>) -> Span {
    Span::new(pair.as_span().start(), pair.as_span().end())
}

fn syntax_fault(message: impl Into<String>, place: Span) -> Fault {
    Fault::new(ErrorKind::Syntax, message).at(place)
}

/// The parser's error in the words of the language.
fn unexpected(text: &str, error: &Error<Rule>, parentheses: &Parentheses) -> Fault {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rest = &text[at..];
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => {
            // Inside a parenthesis the query cannot end; outside, nothing can be closed.
            let open = depth::check(&text[..at]).is_ok_and(|before| before.unclosed.is_some());
            let impossible = if open { Rule::EOI } else { Rule::close };
            expectation(positives.iter().copied().filter(|rule| *rule != impossible).collect())
        }
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    if rest.trim_start().is_empty() {
        if let (Some(open), true) = (parentheses.unclosed, expected.contains(&"`)`")) {
            let place = Span::new(open, open + 1);
            return syntax_fault("this parenthesis is never closed", place);
        }
        let end = text.trim_end().len();
        return syntax_fault("the query ends too early", Span::new(end, end))
            .help(format!("expected {}", joined(&expected, " or ")));
    }
    let token = token(rest);
    let shown = if token.trim().is_empty() {
        "unexpected blank".to_owned()
    } else {
        format!("unexpected `{}`", shortened(token))
    };
    syntax_fault(shown, Span::new(at, at + token.len()))
        .help(format!("expected {}", joined(&expected, " or ")))
}

/// What the writer would call the thing at the front of `rest`: a string, a word, or one sign.
fn token(rest: &str) -> &str {
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let Some(first) = rest.chars().next() else {
        return rest;
    };
    let end = match first {
        // Quotes are balanced: depth::check saw to it.
        '\'' | '"' => rest[1..].find(first).map(|at| at + 2),
        c if in_word(c) => rest.find(|c| !in_word(c)),
        c => Some(c.len_utf8()),
    };
    &rest[..end.unwrap_or(rest.len())]
}

/// What could have stood there, in the order of the grammar, each once.
fn expectation(mut rules: Vec<Rule>) -> Vec<&'static str> {
    // The grammar's order, but the end of the query last.
    rules.sort_unstable_by_key(|rule| (*rule == Rule::EOI, *rule));
    let mut names = Vec::new();
    for name in rules.into_iter().flat_map(symbols) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    // Where any value or name can stand, text in quotes can: that goes without saying.
    if names.contains(&"a value") || names.contains(&"a name") {
        names.retain(|name| *name != "text in quotes");
    }
    names
}

/// A rule in the symbols of the language.
fn symbols(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::query
        | Rule::term
        | Rule::clause
        | Rule::existence
        | Rule::has
        | Rule::not
        | Rule::everything
        | Rule::open => &["a property", "`HAS`", "`NOT`", "`(`"],
        Rule::path | Rule::sole_path | Rule::name => &["a property"],
        Rule::segment | Rule::name_char => &["a name"],
        Rule::condition
        | Rule::comparison
        | Rule::membership
        | Rule::containment
        | Rule::glob
        | Rule::operator
        | Rule::r#in
        | Rule::contains
        | Rule::glob_word => {
            &["an operator (`:` `=` `!=` `<` `<=` `>` `>=` `IN` `CONTAINS` `GLOB`)"]
        }
        Rule::operand
        | Rule::scalar
        | Rule::all_of
        | Rule::all
        | Rule::marked
        | Rule::bare
        | Rule::bare_char => &["a value"],
        Rule::string | Rule::escape => &["text in quotes"],
        Rule::and => &["`AND`"],
        Rule::or => &["`OR`"],
        Rule::comma => &["`,`"],
        Rule::list_open => &["`(`"],
        Rule::close | Rule::list_close => &["`)`"],
        Rule::EOI => &["the end of the query"],
        // A mark can follow any string; saying so at every string's end would only distract.
        Rule::prefix | Rule::fuzzy | Rule::reserved | Rule::WHITESPACE => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_of_the_grammar_is_in_the_table() {
        for sign in [":", "=", "!=", "<", "<=", ">", ">="] {
            assert!(Grammar::parse(Rule::operator, sign).is_ok(), "{sign}");
            assert!(Operator::of_symbol(sign).is_some(), "{sign}");
        }
        for (rule, word) in
            [(Rule::r#in, "In"), (Rule::contains, "contains"), (Rule::glob_word, "GLOB")]
        {
            assert!(Grammar::parse(rule, word).is_ok(), "{word}");
            assert!(Operator::of_symbol(word).is_some(), "{word}");
        }
    }

    #[test]
    fn paths() {
        let names = |text| parse_path(text).map(|p| p.names.join("|"));
        assert_eq!(names("Tags.user-delete-ai-tags").as_deref(), Some("Tags|user-delete-ai-tags"));
        assert_eq!(names(r"Attributes.'it\'s'.x").as_deref(), Some("Attributes|it's|x"));
        assert_eq!(names("Attributes.作者.2d").as_deref(), Some("Attributes|作者|2d"));
        assert_eq!(names("a.b c"), None);
        assert_eq!(names("a."), None);
        assert_eq!(names(""), None);
    }
}
