//! How scripts write what has no JSON form of its own: filters and orders in the query language,
//! vectors as numbers in a row (so that what is no number can be said, too), files without the
//! fields that they do not set.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

pub(super) mod filter {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer};
    use filedex_model::Filter;

    pub fn serialize<S: Serializer>(filter: &Filter, to: S) -> Result<S::Ok, S::Error> {
        filedex_query::print_filter(filter).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Filter, D::Error> {
        let text = String::deserialize(from)?;
        filedex_query::parse(&text).map(|query| query.filter).map_err(D::Error::custom)
    }
}

pub(super) mod sort {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer};
    use filedex_model::{Order, SortBy};

    pub fn serialize<S: Serializer>(
        sort: &Option<(SortBy, Order)>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        sort.as_ref().map(|(by, order)| (by.to_string(), *order)).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<(SortBy, Order)>, D::Error> {
        let sort = Option::<(String, Order)>::deserialize(from)?;
        let parse = |(by, order): (String, Order)| {
            filedex_query::parse_sort_by(&by).map(|by| (by, order)).map_err(D::Error::custom)
        };
        sort.map(parse).transpose()
    }
}

pub(super) mod numbers {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer};

    pub fn serialize<S: Serializer>(numbers: &[f32], to: S) -> Result<S::Ok, S::Error> {
        let words: Vec<String> = numbers.iter().map(|number| format!("{number:?}")).collect();
        words.join(" ").serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        let text = String::deserialize(from)?;
        text.split_whitespace().map(|word| word.parse().map_err(D::Error::custom)).collect()
    }
}

pub(super) mod sparse {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use serde::ser::Error;
    use serde_json::{Value, to_value};

    pub fn serialize<T: Serialize + Default, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut own = to_value(value).map_err(S::Error::custom)?;
        let unset = to_value(T::default()).map_err(S::Error::custom)?;
        if let Value::Object(fields) = &mut own {
            fields.retain(|name, field| unset.get(name) != Some(field));
        }
        own.serialize(to)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        T::deserialize(from)
    }
}
