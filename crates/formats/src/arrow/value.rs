//! Values of Arrow's arrays as JSON.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Date32Type, Date64Type, Decimal128Type, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use filedex_model::Timestamp;
use serde_json::{Map, Value};

use crate::fill::float;

const DAY_MILLIS: i64 = 86_400_000;

/// Whether values of a type can be read.
pub(crate) fn can_read(r#type: &DataType) -> bool {
    match r#type {
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Null
        | DataType::Duration(_)
        | DataType::Interval(_)
        | DataType::Union(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal256(..)
        | DataType::RunEndEncoded(..) => false,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            can_read(item.data_type())
        }
        DataType::Struct(fields) => fields.iter().any(|field| can_read(field.data_type())),
        DataType::Dictionary(_, values) => can_read(values),
        DataType::Map(entries, _) => can_read(entries.data_type()),
        _ => true,
    }
}

/// The value of a row; null for what [`can_read`] says no to, and for numbers that are not finite.
pub(crate) fn value(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float16 => float(array.as_primitive::<Float16Type>().value(row).to_f64()),
        DataType::Float32 => short(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            decimal(array.as_primitive::<Decimal128Type>().value(row), *scale)
        }
        DataType::Timestamp(unit, _) => time(array, *unit, row),
        DataType::Date32 => day(i64::from(array.as_primitive::<Date32Type>().value(row))),
        DataType::Date64 => {
            day(array.as_primitive::<Date64Type>().value(row).div_euclid(DAY_MILLIS))
        }
        DataType::Time32(unit) => clock(match unit {
            TimeUnit::Second => {
                i64::from(array.as_primitive::<Time32SecondType>().value(row)) * 1_000
            }
            _ => i64::from(array.as_primitive::<Time32MillisecondType>().value(row)),
        }),
        DataType::Time64(unit) => clock(match unit {
            TimeUnit::Microsecond => {
                array.as_primitive::<Time64MicrosecondType>().value(row) / 1_000
            }
            _ => array.as_primitive::<Time64NanosecondType>().value(row) / 1_000_000,
        }),
        DataType::List(_) => items(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => items(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => items(&array.as_fixed_size_list().value(row)),
        DataType::Struct(_) => object(array, row),
        DataType::Map(..) => map(array, row),
        DataType::Dictionary(key, _) => dictionary(array, key, row),
        _ => Value::Null,
    }
}

/// The numbers of a list, without the detour over JSON; none where the row has none, or no list of
/// numbers.
pub(crate) fn vector(array: &dyn Array, row: usize) -> Option<Vec<f32>> {
    if array.is_null(row) {
        return None;
    }
    let items: ArrayRef = match array.data_type() {
        DataType::List(_) => array.as_list::<i32>().value(row),
        DataType::LargeList(_) => array.as_list::<i64>().value(row),
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(row),
        _ => return None,
    };
    if items.null_count() > 0 {
        return None;
    }
    Some(match items.data_type() {
        DataType::Float32 => items.as_primitive::<Float32Type>().values().to_vec(),
        DataType::Float64 => {
            let all = items.as_primitive::<Float64Type>().values();
            all.iter().map(|number| *number as f32).collect()
        }
        DataType::Float16 => {
            let all = items.as_primitive::<Float16Type>().values();
            all.iter().map(|number| number.to_f32()).collect()
        }
        _ => return None,
    })
}

/// A float of 32 bits, as short as it reads back: 0.1 and not 0.10000000149011612.
fn short(number: f32) -> Value {
    number.to_string().parse().map_or(Value::Null, float)
}

fn decimal(unscaled: i128, scale: i8) -> Value {
    if scale == 0 {
        return i64::try_from(unscaled).map_or_else(|_| float(unscaled as f64), Value::from);
    }
    float(unscaled as f64 / 10f64.powi(i32::from(scale)))
}

fn time(array: &dyn Array, unit: TimeUnit, row: usize) -> Value {
    let millis = match unit {
        TimeUnit::Second => {
            array.as_primitive::<TimestampSecondType>().value(row).saturating_mul(1_000)
        }
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => {
            array.as_primitive::<TimestampMicrosecondType>().value(row).div_euclid(1_000)
        }
        TimeUnit::Nanosecond => {
            array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000_000)
        }
    };
    Timestamp::from_millis(millis).map_or(Value::Null, |time| time.to_string().into())
}

fn day(days: i64) -> Value {
    let time = Timestamp::from_millis(days.saturating_mul(DAY_MILLIS)).map(|time| time.to_string());
    let date = time.as_deref().and_then(|time| time.split('T').next());
    date.map_or(Value::Null, Value::from)
}

fn clock(millis: i64) -> Value {
    // A time of day is a time of the first day.
    let time = Timestamp::from_millis(millis).map(|time| time.to_string());
    let clock = time.as_deref().and_then(|time| time.split('T').nth(1));
    clock.map_or(Value::Null, |clock| clock.trim_end_matches('Z').into())
}

fn items(array: &ArrayRef) -> Value {
    (0..array.len()).map(|row| value(array, row)).collect()
}

fn object(array: &dyn Array, row: usize) -> Value {
    let object = array.as_struct();
    let mut fields = Map::new();
    for (name, column) in object.column_names().into_iter().zip(object.columns()) {
        if can_read(column.data_type()) {
            fields.insert(name.to_owned(), value(column, row));
        }
    }
    Value::Object(fields)
}

fn map(array: &dyn Array, row: usize) -> Value {
    let entries = array.as_map().value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    let pair = |row| {
        let key = match value(keys, row) {
            Value::String(key) => key,
            other => other.to_string(),
        };
        (key, value(values, row))
    };
    Value::Object((0..entries.len()).map(pair).collect())
}

fn dictionary(array: &dyn Array, key: &DataType, row: usize) -> Value {
    match key {
        DataType::Int8 => keyed::<Int8Type>(array, row),
        DataType::Int16 => keyed::<Int16Type>(array, row),
        DataType::Int32 => keyed::<Int32Type>(array, row),
        DataType::Int64 => keyed::<Int64Type>(array, row),
        DataType::UInt8 => keyed::<UInt8Type>(array, row),
        DataType::UInt16 => keyed::<UInt16Type>(array, row),
        DataType::UInt32 => keyed::<UInt32Type>(array, row),
        DataType::UInt64 => keyed::<UInt64Type>(array, row),
        _ => Value::Null,
    }
}

fn keyed<K: ArrowDictionaryKeyType>(array: &dyn Array, row: usize) -> Value {
    let dictionary = array.as_dictionary::<K>();
    dictionary.key(row).map_or(Value::Null, |key| value(dictionary.values(), key))
}
