//! Simpler forms of a step: each is smaller than it, so that simplifying ends.

use filedex_model::{Filter, Order, Predicate, SortBy, StatusFilter, Test};

use super::question::{Joined, Listing, Nearby, Question};
use super::step::{Item, Step, VectorItem};
use super::typed::Typed;

/// The simpler forms of a step, the simplest first: fewer items, smaller files, smaller questions.
#[must_use]
pub fn simpler(step: &Step) -> Vec<Step> {
    match step {
        Step::Batch { at, now, items } => {
            let with = |items| Step::Batch { at: at.clone(), now: *now, items };
            let mut forms = Vec::new();
            let mut size = items.len() / 2;
            while size > 0 {
                for from in (0..items.len()).step_by(size) {
                    let to = (from + size).min(items.len());
                    forms.push(with([&items[..from], &items[to..]].concat()));
                }
                size /= 2;
            }
            // A long batch is cut before its files are looked at.
            if items.len() <= 8 {
                for (place, item) in items.iter().enumerate() {
                    for form in simpler_items(item) {
                        let mut items = items.clone();
                        items[place] = form;
                        forms.push(with(items));
                    }
                }
            }
            forms
        }
        Step::Ask { at, held, question } => {
            let with = |held, question| Step::Ask { at: at.clone(), held, question };
            let fresh = held.then(|| with(false, question.clone()));
            let questions = simpler_questions(question).into_iter().map(|q| with(*held, q));
            fresh.into_iter().chain(questions).collect()
        }
        Step::PutNotes(notes) if notes.len() > 1 => {
            (0..notes.len()).map(|at| Step::PutNotes(vec![notes[at].clone()])).collect()
        }
        _ => Vec::new(),
    }
}

/// The forms of a value of many fields that have one field fewer, by its JSON.
fn with_fields_fewer<T>(value: &T, empty: &T) -> Vec<T>
where
    T: Clone + PartialEq + serde::Serialize + serde::de::DeserializeOwned,
{
    let object = |value: &T| match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (own, empty) = (object(value), object(empty));
    let fewer = own.iter().filter(|(name, _)| *name != "uri").filter_map(|(name, field)| {
        let default = empty.get(name).filter(|default| *default != field)?;
        let mut fields = own.clone();
        fields.insert(name.clone(), default.clone());
        serde_json::from_value(fields.into()).ok()
    });
    fewer.collect()
}

fn simpler_items(item: &Item) -> Vec<Item> {
    match item {
        Item::Create(file, vectors) => {
            let files = with_fields_fewer(file, &filedex_model::NewFile::default());
            let fewer = fewer_vectors(vectors).map(|left| Item::Create(file.clone(), left));
            fewer.chain(files.into_iter().map(|file| Item::Create(file, vectors.clone()))).collect()
        }
        Item::Import(file, mode, vectors) => {
            let files = with_fields_fewer(file, &filedex_model::NewFile::default());
            let created = Item::Create(file.clone(), vectors.clone());
            let fewer = fewer_vectors(vectors).map(|left| Item::Import(file.clone(), *mode, left));
            let files = files.into_iter().map(|file| Item::Import(file, *mode, vectors.clone()));
            std::iter::once(created).chain(fewer).chain(files).collect()
        }
        Item::Update(id, update) => {
            with_fields_fewer(update, &filedex_model::FileUpdate::default())
                .into_iter()
                .map(|update| Item::Update(*id, update))
                .collect()
        }
        Item::Details(id, update) => {
            with_fields_fewer(update, &filedex_model::DetailsUpdate::default())
                .into_iter()
                .map(|update| Item::Details(*id, update))
                .collect()
        }
        Item::Delete(_) | Item::Purge(_) | Item::SetVector(..) | Item::RemoveVector(..) => {
            Vec::new()
        }
    }
}

fn fewer_vectors(vectors: &[VectorItem]) -> impl Iterator<Item = Vec<VectorItem>> {
    (0..vectors.len()).map(|gone| {
        let left = vectors.iter().enumerate().filter(|(at, _)| *at != gone);
        left.map(|(_, vector)| vector.clone()).collect()
    })
}

fn simpler_questions(question: &Question) -> Vec<Question> {
    let mut forms = Vec::new();
    if let Question::Near(nearby) = question {
        let mut push = |change: fn(&mut Nearby)| {
            let mut form = nearby.clone();
            change(&mut form);
            if form != *nearby {
                forms.push(Question::Near(form));
            }
        };
        push(|n| n.above = None);
        push(|n| n.exact = false);
        push(|n| n.top_k = None);
        push(|n| n.model = None);
        push(|n| n.words = Joined::default());
        push(|n| n.words.weight = None);
        push(|n| n.words.reciprocal = false);
        push(|n| n.words.text = None);
        push(|n| n.words.ignored = false);
    }
    if let Question::Typed(typed) = question {
        forms.extend(with_fields_fewer(typed, &Typed::default()).into_iter().map(Question::Typed));
    }
    if let Some(listing) = question.listing() {
        forms.extend(simpler_listings(listing).into_iter().map(|listing| question.with(listing)));
    }
    forms
}

fn simpler_listings(listing: &Listing) -> Vec<Listing> {
    let mut forms: Vec<Listing> = simpler_filters(&listing.filter)
        .into_iter()
        .map(|filter| Listing { filter, ..listing.clone() })
        .collect();
    let mut push = |change: fn(&mut Listing)| {
        let mut form = listing.clone();
        change(&mut form);
        if form != *listing {
            forms.push(form);
        }
    };
    push(|l| l.text = false);
    push(|l| l.sort = None);
    push(|l| {
        if l.sort.is_some() {
            l.sort = Some((SortBy::RecordCreateTime, Order::Desc));
        }
    });
    push(|l| l.pages = 100);
    push(|l| l.status = StatusFilter::Active);
    push(|l| {
        if l.status == StatusFilter::Deleted {
            l.status = StatusFilter::All;
        }
    });
    forms
}

/// The filters that are a part of this one, or have a part fewer.
fn simpler_filters(filter: &Filter) -> Vec<Filter> {
    let inside = |parts: &[Filter], whole: fn(Vec<Filter>) -> Filter| {
        let mut forms: Vec<Filter> = parts.to_vec();
        for at in 0..parts.len() {
            let others = |form: Option<Filter>| {
                let mut parts = parts.to_vec();
                match form {
                    Some(form) => parts[at] = form,
                    None => drop(parts.remove(at)),
                }
                whole(parts)
            };
            forms.push(others(None));
            forms.extend(simpler_filters(&parts[at]).into_iter().map(|form| others(Some(form))));
        }
        forms
    };
    match filter {
        Filter::All => Vec::new(),
        Filter::Nothing => vec![Filter::All],
        Filter::Test(Predicate { property, test }) => {
            let tests = simpler_tests(test).into_iter();
            let tests = tests.map(|test| Filter::test(property.clone(), test));
            std::iter::once(Filter::All).chain(tests).collect()
        }
        Filter::And(parts) => inside(parts, Filter::and),
        Filter::Or(parts) => inside(parts, Filter::or),
        Filter::Not(inner) => {
            let negated = simpler_filters(inner).into_iter().map(Filter::not);
            std::iter::once((**inner).clone()).chain(negated).collect()
        }
    }
}

fn simpler_tests(test: &Test) -> Vec<Test> {
    match test {
        Test::In(values) => values.iter().cloned().map(Test::Equals).collect(),
        Test::AllWords(phrases) if phrases.len() > 1 => {
            phrases.iter().map(|phrase| Test::AllWords(vec![phrase.clone()])).collect()
        }
        _ => Vec::new(),
    }
}
