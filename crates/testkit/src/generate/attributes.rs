//! Custom attributes: nested, in arrays, of changing type, with numbers no float can hold.

use serde_json::{Map, Value, json};

use super::generator::Generator;
use super::vocabulary as v;

impl Generator {
    /// An attribute object. Every path can hold values of several types.
    pub fn attributes(&mut self) -> Map<String, Value> {
        let mut object = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                object.insert(name.to_owned(), value);
            }
        };
        set("width", self.maybe(60, Self::json_number));
        set("artist", self.maybe(50, Self::artist));
        set("year", self.maybe(50, Self::number_or_date));
        set("exif", self.maybe(50, Self::exif));
        set("items", self.maybe(30, Self::items));
        set("mixed", self.maybe(40, Self::mixed));
        set("flag", self.maybe(30, |g| json!(g.seed.chance(50))));
        set("größe", self.maybe(20, Self::json_number));
        set("gone", self.maybe(20, Self::nothing));
        object
    }

    fn json_number(&mut self) -> Value {
        let text = *self.seed.pick(v::NUMBERS);
        serde_json::from_str(text).expect("the numbers of the vocabulary are JSON")
    }

    fn number_or_date(&mut self) -> Value {
        if self.seed.chance(50) { json!(self.seed.pick(v::TIMES)) } else { self.json_number() }
    }

    fn artist(&mut self) -> Value {
        const ARTISTS: [&str; 6] = [
            "George Jones",
            "after Joseph Mallord William Turner",
            "J. M. W. Turner",
            "Henry Moore OM, CH",
            "安藤広重",
            "Jean-Honoré Fragonard",
        ];
        if self.seed.chance(30) {
            json!(self.seed.some(&ARTISTS, 3))
        } else {
            json!(self.seed.pick(&ARTISTS))
        }
    }

    fn exif(&mut self) -> Value {
        let iso: Vec<Value> = (0..self.seed.below(4)).map(|_| self.json_number()).collect();
        json!({
            "iso": iso,
            "focal length": self.number_or_date(),
            "lens": {"make": self.word(v::TEXTS), "model": null},
        })
    }

    fn items(&mut self) -> Value {
        let items: Vec<Value> =
            (0..self.seed.below(4)).map(|_| json!({"n": self.number_or_date()})).collect();
        json!(items)
    }

    fn mixed(&mut self) -> Value {
        let choices = [
            json!(5),
            json!("5"),
            json!(5.5),
            json!(true),
            json!("true"),
            json!("2025-01-31"),
            json!("car"),
            json!("red car"),
            Value::Null,
            json!([[1, ["car"]], {}]),
        ];
        if self.seed.chance(50) {
            json!(self.seed.some(&choices, 4))
        } else {
            self.seed.pick(&choices).clone()
        }
    }

    /// Values that count as absent.
    fn nothing(&mut self) -> Value {
        let choices = [Value::Null, json!(""), json!([]), json!({}), json!([null, "", {"a": []}])];
        self.seed.pick(&choices).clone()
    }
}
