//! The search language, cut into tokens.

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A field, an operator in letters, or true and false.
    Word(String),
    /// What stood in quotes.
    Text(String),
    /// A number as it was written.
    Number(String),
    Operator(&'static str),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

/// Tokens, each with the place where it begins, in characters from 1.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    let place = |byte: usize| text[..byte].chars().count() + 1;
    while let Some((at, c)) = rest.next() {
        let token = match c {
            _ if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '[' => Token::OpenList,
            ']' => Token::CloseList,
            ',' => Token::Comma,
            '=' => Token::Operator("="),
            '<' | '>' => {
                let equal = rest.next_if(|(_, c)| *c == '=').is_some();
                Token::Operator(match (c, equal) {
                    ('<', true) => "<=",
                    ('<', false) => "<",
                    (_, true) => ">=",
                    (_, false) => ">",
                })
            }
            '"' | '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next() {
                        None => {
                            return Err(format!(
                                "the text from character {} on has no end",
                                place(at)
                            ));
                        }
                        Some((_, end)) if end == c => break,
                        Some((_, '\\')) => value.extend(rest.next().map(|(_, c)| c)),
                        Some((_, other)) => value.push(other),
                    }
                }
                Token::Text(value)
            }
            _ if c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.') => {
                let mut word = String::from(c);
                while let Some((_, c)) =
                    rest.next_if(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+'))
                {
                    word.push(c);
                }
                let number =
                    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
                if number { Token::Number(word) } else { Token::Word(word) }
            }
            _ => return Err(format!("{c:?} at character {} is unexpected", place(at))),
        };
        tokens.push((place(at), token));
    }
    Ok(tokens)
}
