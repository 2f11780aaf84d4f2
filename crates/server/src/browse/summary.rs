//! What an answer is made of: how many files have each folder, type and tag, and how numbers and
//! dates are spread.

use axum::Json;
use axum::extract::{Query as Asked, State};
use filedex::{
    Aggregate, Bound, FileRecord, Filter, Kind, Number, Order, Property, Query, Range, Reader,
    SortBy, Test, Timestamp, Value as Point, VersionRef, When,
};
use serde_json::{Value, json};

use super::answer::{Answered, Question, Refusal, work};
use crate::app::Shared;

/// Groups of a facet that are shown.
const GROUPS: usize = 50;
/// Answers up to this size are read for a histogram; it is the largest TopK.
const SCANNED: u64 = 5_000;
/// Bars of a histogram.
const BARS: usize = 24;
/// A facet's name, what it counts, and the property that a click asks for.
const FACETS: [(&str, Aggregate, &str); 3] = [
    ("Type", Aggregate::FileType, "FileType"),
    ("Tags", Aggregate::TagsAll, "Tags.all"),
    ("Folder", Aggregate::FileDir, "FileDir"),
];

pub(super) async fn facets(
    State(app): State<Shared>,
    Asked(question): Asked<Question>,
) -> Answered {
    work(&app, move |app| {
        let reader = app.reader()?;
        let version = question.version(&reader)?;
        let query = question.query().map_err(|refusal| refusal.within(&question.q))?;
        let facets = FACETS.into_iter().map(|(name, by, property)| {
            let groups = reader.statistics(&version, by, &query)?;
            let shown: Value = groups
                .iter()
                .take(GROUPS)
                .map(|group| json!({ "key": group.key, "count": group.count }))
                .collect();
            Ok(json!({
                "name": name,
                "property": property,
                "groups": shown,
                "distinct": groups.len(),
            }))
        });
        Ok(Json(Value::Array(facets.collect::<Result<_, Refusal>>()?)))
    })
    .await
}

pub(super) async fn histogram(
    State(app): State<Shared>,
    Asked(question): Asked<Question>,
) -> Answered {
    work(&app, move |app| {
        let property = &question.property;
        let by = filedex::parse_sort(property)?;
        let Some(of) = by
            .property()
            .filter(|of| matches!(of.kind(), Kind::Number | Kind::Date | Kind::Attribute))
        else {
            let right = "a number, a date or an attribute";
            return Err(Refusal::input("property", property, right));
        };
        let reader = app.reader()?;
        let version = question.version(&reader)?;
        let query = question.query().map_err(|refusal| refusal.within(&question.q))?;
        let answer = Answer { reader: &reader, version: &version, query: &query };
        let total = reader.count(&version, &query)?;
        let bars =
            if total <= SCANNED { answer.scanned(&of)? } else { answer.counted(&by, &of)? };
        Ok(Json(json!({
            "property": property,
            "dates": of.kind() == Kind::Date,
            "total": total,
            "bars": bars,
        })))
    })
    .await
}

struct Answer<'a> {
    reader: &'a Reader,
    version: &'a VersionRef,
    query: &'a Query,
}

impl Answer<'_> {
    /// The bars of a small answer, or of one that is ranked by meaning, which is never large: its
    /// hits are not those of a narrower question.
    fn scanned(&self, of: &Property) -> Result<Vec<Value>, Refusal> {
        let mut values = Vec::new();
        for record in self.reader.scan(self.version, self.query)? {
            values.extend(values_of(&record?, of));
        }
        let low = values.iter().copied().reduce(f64::min);
        let high = values.iter().copied().reduce(f64::max);
        let Some((low, high)) = low.zip(high) else { return Ok(Vec::new()) };
        let counted = Bars::between(low, high, of.kind() == Kind::Date).each().map(|bar| {
            let count = values.iter().filter(|value| bar.has(**value)).count();
            bar.json(count as u64)
        });
        Ok(counted.collect())
    }

    /// The bars of a large answer, each counted by the index.
    fn counted(&self, by: &SortBy, of: &Property) -> Result<Vec<Value>, Refusal> {
        let ends = self.end(by, of, Order::Asc)?.zip(self.end(by, of, Order::Desc)?);
        let Some((low, high)) = ends else { return Ok(Vec::new()) };
        let dates = of.kind() == Kind::Date;
        let counted = Bars::between(low, high, dates).each().map(|bar| {
            let point = |position: f64| match dates {
                true => Timestamp::from_millis(position as i64).map(|t| Point::Date(When::At(t))),
                false => Number::float(position).map(Point::Number),
            };
            let end = |position| {
                point(position).ok_or_else(|| {
                    Refusal::input("property", &of.to_string(), "one whose values are in bounds")
                })
            };
            let to = end(bar.to)?;
            let range = Range {
                from: Bound::Included(end(bar.from)?),
                to: if bar.last { Bound::Included(to) } else { Bound::Excluded(to) },
            };
            let narrower =
                self.query.clone().narrow(Filter::test(of.clone(), Test::InRange(range)));
            Ok(bar.json(self.reader.count(self.version, &narrower)?))
        });
        counted.collect()
    }

    /// The value of the first hit in an order.
    fn end(&self, by: &SortBy, of: &Property, order: Order) -> Result<Option<f64>, Refusal> {
        let first = self.query.clone().sort(by.clone(), order).limit(1);
        let page = self.reader.list(self.version, &first)?;
        let better = |a: f64, b: f64| if order == Order::Asc { a.min(b) } else { a.max(b) };
        Ok(page.hits.first().and_then(|hit| values_of(&hit.record, of).into_iter().reduce(better)))
    }
}

/// Bars of one width.
struct Bars {
    low: f64,
    high: f64,
    step: f64,
}

/// From a value to another; the last one has its end, too.
struct Bar {
    from: f64,
    to: f64,
    last: bool,
}

impl Bars {
    fn between(low: f64, high: f64, whole: bool) -> Self {
        let step = (high - low) / BARS as f64;
        // Whole milliseconds, so that the bounds of a bar are points in time.
        let step = if whole { step.ceil().max(1.0) } else { step };
        Self { low, high, step: if step > 0.0 { step } else { 1.0 } }
    }

    fn each(self) -> impl Iterator<Item = Bar> {
        let Self { low, high, step } = self;
        let start = move |bar: usize| low + step * bar as f64;
        let bars = (0..BARS).take_while(move |bar| *bar == 0 || start(*bar) <= high);
        bars.map(move |bar| {
            let last = bar + 1 == BARS || start(bar + 1) > high;
            Bar { from: start(bar), to: if last { high } else { start(bar + 1) }, last }
        })
    }
}

impl Bar {
    fn has(&self, value: f64) -> bool {
        value >= self.from && (value < self.to || (self.last && value <= self.to))
    }

    fn json(&self, count: u64) -> Value {
        json!({ "from": self.from, "to": self.to, "count": count, "last": self.last })
    }
}

/// The numbers that a record has of a property, dates in milliseconds.
fn values_of(record: &FileRecord, of: &Property) -> Vec<f64> {
    let date = |time: Option<Timestamp>| time.map(|time| time.millis() as f64);
    let one = match of {
        Property::DataSize => record.data_size.map(|size| size as f64),
        Property::FileCreateTime => date(record.file_create_time),
        Property::FileUpdateTime => date(record.file_update_time),
        Property::TagUpdateTime => date(record.tag_update_time),
        Property::SemanticIndexUpdateTime => date(record.semantic_index_update_time),
        Property::SyncTime => date(Some(record.sync_time)),
        Property::RecordCreateTime => date(Some(record.record_create_time)),
        Property::Attribute(path) => {
            let mut numbers = Vec::new();
            collect_numbers(&Value::Object(record.attributes.clone()), path.names(), &mut numbers);
            return numbers;
        }
        _ => None,
    };
    one.into_iter().collect()
}

/// The numbers at a path; arrays are no step of it.
fn collect_numbers(value: &Value, names: &[String], numbers: &mut Vec<f64>) {
    match (value, names) {
        (Value::Array(items), _) => {
            items.iter().for_each(|item| collect_numbers(item, names, numbers));
        }
        (Value::Object(fields), [name, rest @ ..]) => {
            if let Some(value) = fields.get(name) {
                collect_numbers(value, rest, numbers);
            }
        }
        (Value::Number(number), []) => numbers.extend(number.as_f64()),
        _ => {}
    }
}
