//! PDS's search language, read into the library's filter.
//!
//! `not` binds tighter than `and`, `and` tighter than `or`. A condition is a field, an operator and a
//! value; the table [`FIELDS`] says which go together.

mod tokens;

use filedex::{
    Bound, Filter, Number, Property, Range, Test, Timestamp, Value as Literal, When,
    category_filter,
};

use super::folders::in_folder;
use tokens::{Token, tokens};

/// Deepest nesting of parentheses and `not`.
const DEPTH: usize = 64;

/// What a field can be compared with, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `=` and the ranges, a number.
    Number,
    /// `=` and the ranges, a date in quotes.
    Date,
    /// `=`, true or false.
    Flag,
    /// `=` and `match`.
    Name,
    /// `=`, `prefix` and `match`.
    Text,
    /// `=` and `prefix`.
    Word,
    /// `in`, or `=`.
    Words,
    /// `=` with values of its own.
    Special,
}

const FIELDS: [(&str, Kind); 17] = [
    ("parent_file_id", Kind::Special),
    ("type", Kind::Special),
    ("status", Kind::Special),
    ("category", Kind::Special),
    ("file_extension", Kind::Special),
    ("file_id", Kind::Special),
    ("name", Kind::Name),
    ("description", Kind::Text),
    ("content_type", Kind::Word),
    ("mime_type", Kind::Word),
    ("content_hash", Kind::Special),
    ("labels", Kind::Words),
    ("hidden", Kind::Flag),
    ("starred", Kind::Flag),
    ("size", Kind::Number),
    ("created_at", Kind::Date),
    ("updated_at", Kind::Date),
];

/// The folder of an id.
type FolderOf<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The filter that a query asks for; a blank one finds everything.
///
/// # Errors
/// What is wrong and where, for a person.
pub(super) fn filter(text: &str, recursive: bool, folder: FolderOf<'_>) -> Result<Filter, String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Filter::All);
    }
    let mut reader = Reader { tokens, at: 0, text, recursive, folder, depth: 0 };
    let filter = reader.any()?;
    if reader.at < reader.tokens.len() {
        return Err(reader.wrong("and, or, or the end"));
    }
    Ok(filter)
}

struct Reader<'a> {
    tokens: Vec<(usize, Token)>,
    at: usize,
    text: &'a str,
    recursive: bool,
    folder: FolderOf<'a>,
    depth: usize,
}

impl Reader<'_> {
    fn wrong(&self, right: &str) -> String {
        match self.tokens.get(self.at) {
            Some((place, _)) => {
                let found: String = self.text.chars().skip(place - 1).take(20).collect();
                format!("at character {place}, {found:?}: expected {right}")
            }
            None => format!("at the end: expected {right}"),
        }
    }

    fn take(&mut self, token: &Token) -> bool {
        let there = self.tokens.get(self.at).is_some_and(|(_, next)| next == token);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str) -> bool {
        let there = matches!(self.tokens.get(self.at),
            Some((_, Token::Word(next))) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(there);
        there
    }

    fn any(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(Filter::or(parts))
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(Filter::and(parts))
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("more than {DEPTH} nested parentheses and nots"));
        }
        let filter = if self.word("not") {
            Filter::not(self.one()?)
        } else if self.take(&Token::Open) {
            let inner = self.any()?;
            if !self.take(&Token::Close) {
                return Err(self.wrong("a closing parenthesis"));
            }
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn condition(&mut self) -> Result<Filter, String> {
        let names = || FIELDS.map(|(name, _)| name).join(", ");
        let Some((_, Token::Word(field))) = self.tokens.get(self.at).cloned() else {
            return Err(self.wrong(&format!("a field: {}", names())));
        };
        let Some((field, kind)) = FIELDS.into_iter().find(|(name, _)| *name == field) else {
            return Err(self.wrong(&format!("a field: {}", names())));
        };
        self.at += 1;
        let operator = match self.tokens.get(self.at) {
            Some((_, Token::Operator(operator))) => *operator,
            Some((_, Token::Word(word))) if word.eq_ignore_ascii_case("match") => "match",
            Some((_, Token::Word(word))) if word.eq_ignore_ascii_case("prefix") => "prefix",
            Some((_, Token::Word(word))) if word.eq_ignore_ascii_case("in") => "in",
            _ => return Err(self.wrong(operators(kind))),
        };
        let allowed = operators(kind).split(' ').any(|allowed| allowed == operator);
        if !allowed {
            return Err(self.wrong(&format!("one of {} after {field}", operators(kind))));
        }
        self.at += 1;
        match kind {
            Kind::Number => self.number(operator),
            Kind::Date => self.date(field, operator),
            Kind::Flag => self.flag(field),
            Kind::Words => self.words(operator),
            Kind::Special => {
                let value = self.value()?;
                self.special(field, &value)
            }
            Kind::Name | Kind::Text | Kind::Word => {
                let property = match field {
                    "name" => Property::FileName,
                    "description" => Property::Description,
                    _ => Property::ContentType,
                };
                let value = self.value()?;
                Ok(match operator {
                    "=" => Filter::test(property, Test::Equals(Literal::Text(value))),
                    "prefix" => Filter::test(property, Test::StartsWith(value)),
                    _ => matching(property, value),
                })
            }
        }
    }

    /// A value in quotes.
    fn value(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some((_, Token::Text(value))) => {
                let value = value.clone();
                self.at += 1;
                Ok(value)
            }
            _ => Err(self.wrong("a value in quotes")),
        }
    }

    fn number(&mut self, operator: &str) -> Result<Filter, String> {
        let text = match self.tokens.get(self.at) {
            Some((_, Token::Number(text) | Token::Text(text))) => text.clone(),
            _ => return Err(self.wrong("a number")),
        };
        let whole = text.parse::<i64>().ok().map(Number::from);
        let number = whole.or_else(|| text.parse::<f64>().ok().and_then(Number::float));
        let number = number.ok_or_else(|| self.wrong("a number"))?;
        self.at += 1;
        Ok(compared(Property::DataSize, operator, Literal::Number(number)))
    }

    fn date(&mut self, field: &str, operator: &str) -> Result<Filter, String> {
        let begin = self.at;
        let text = self.value()?;
        let Ok(time) = text.parse::<Timestamp>() else {
            self.at = begin;
            return Err(self.wrong("a date in UTC such as \"2006-01-02T15:04:05\""));
        };
        let property =
            if field == "created_at" { Property::RecordCreateTime } else { Property::SyncTime };
        Ok(compared(property, operator, Literal::Date(When::At(time))))
    }

    fn flag(&mut self, field: &str) -> Result<Filter, String> {
        let flag = if self.word("true") {
            true
        } else if self.word("false") {
            false
        } else {
            return Err(self.wrong("true or false"));
        };
        let property = if field == "hidden" { Property::Hidden } else { Property::Starred };
        Ok(Filter::test(property, Test::Equals(Literal::Bool(flag))))
    }

    fn words(&mut self, operator: &str) -> Result<Filter, String> {
        if operator == "=" {
            let value = Literal::Text(self.value()?);
            return Ok(Filter::test(Property::Labels, Test::Equals(value)));
        }
        if !self.take(&Token::OpenList) {
            return Err(self.wrong("a list such as [\"a\", \"b\"]"));
        }
        let mut values = vec![Literal::Text(self.value()?)];
        while self.take(&Token::Comma) {
            values.push(Literal::Text(self.value()?));
        }
        if !self.take(&Token::CloseList) {
            return Err(self.wrong("a comma or a closing bracket"));
        }
        Ok(Filter::test(Property::Labels, Test::In(values)))
    }

    fn special(&self, field: &str, value: &str) -> Result<Filter, String> {
        Ok(match field {
            "parent_file_id" => match (self.folder)(value) {
                Some(dir) if self.recursive => below(&dir),
                Some(dir) => in_folder(&dir),
                None => Filter::Nothing,
            },
            // Folders are not searched.
            "type" => match value {
                "file" => Filter::All,
                "folder" => Filter::Nothing,
                other => return Err(format!("type is {other:?}; it is file or folder")),
            },
            "status" => match value {
                "available" => Filter::All,
                "uploading" => Filter::Nothing,
                other => return Err(format!("status is {other:?}; it is available or uploading")),
            },
            "category" => category_filter(value).ok_or_else(|| {
                format!("category is {value:?}; it is image, video, audio, doc, zip or others")
            })?,
            "file_id" => Filter::test(Property::Id, Test::Equals(Literal::Text(value.to_owned()))),
            "content_hash" => {
                let text = Literal::Text(value.to_owned());
                Filter::test(Property::FileFingerPrint, Test::Equals(text))
            }
            _ => extension(value),
        })
    }
}

fn operators(kind: Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Date => "= < <= > >=",
        Kind::Flag | Kind::Special => "=",
        Kind::Name => "= match",
        Kind::Text => "= match prefix",
        Kind::Word => "= prefix",
        Kind::Words => "in =",
    }
}

/// The words of a value, side by side; where it has none, the value as a part of the name.
fn matching(property: Property, value: String) -> Filter {
    let test = if value.chars().any(char::is_alphanumeric) {
        Test::Phrase(value)
    } else {
        Test::Contains(value)
    };
    Filter::test(property, test)
}

fn below(dir: &str) -> Filter {
    if dir.is_empty() {
        return Filter::All;
    }
    let deeper = Test::StartsWith(format!("{dir}/"));
    Filter::or([in_folder(dir), Filter::test(Property::FileDir, deeper)])
}

fn extension(value: &str) -> Filter {
    let literal: String = value
        .trim_start_matches('.')
        .chars()
        .flat_map(|c| ['\\'].into_iter().filter(move |_| !c.is_alphanumeric()).chain([c]))
        .collect();
    let spellings = [literal.to_lowercase(), literal.to_uppercase()];
    let globs = spellings
        .into_iter()
        .map(|extension| Filter::test(Property::FileName, Test::Glob(format!("?*.{extension}"))));
    Filter::or(globs)
}

fn compared(property: Property, operator: &str, value: Literal) -> Filter {
    let (from, to) = match operator {
        "<" => (Bound::Open, Bound::Excluded(value)),
        "<=" => (Bound::Open, Bound::Included(value)),
        ">" => (Bound::Excluded(value), Bound::Open),
        ">=" => (Bound::Included(value), Bound::Open),
        _ => (Bound::Included(value.clone()), Bound::Included(value)),
    };
    Filter::test(property, Test::InRange(Range { from, to }))
}
