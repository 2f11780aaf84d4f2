//! openapi.json, held against the routes that the sources name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// Where routes are.
const SOURCES: [&str; 4] =
    ["src/router.rs", "src/pai/mod.rs", "src/pds/mod.rs", "src/nebius/mod.rs"];
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// What every path answers to, as `get /v1/datasets/{}`: names of parameters are left out.
type Routes = BTreeSet<String>;

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn document() -> Value {
    serde_json::from_str(&read("openapi.json")).unwrap()
}

/// A path without the names of its parameters, which differ between the router and the document.
fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + "{}" + part.split_once('}').unwrap().1)
}

/// The text inside the parentheses that a text begins after.
fn inside(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &text[..end.unwrap()]
}

/// The first text in quotes.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The routes of a source: `.route("/path", get(..).post(..))`, where the path can also be `dataset`
/// or `&of("/part")`, below what `let dataset` says.
fn routes(source: &str) -> Routes {
    let dataset = source.split_once("let dataset = ").and_then(|(_, rest)| quoted(rest));
    let mut found = Routes::new();
    for route in source.split(".route(").skip(1) {
        let call = inside(route);
        let (path, handlers) = call.split_once(',').unwrap();
        let path = path.trim();
        let path = match (path, quoted(path)) {
            // For programs of this machine, not for clients.
            ("local::PATH", None) => continue,
            ("dataset", None) => dataset.unwrap().to_owned(),
            (of, Some(part)) if of.starts_with("&of(") => dataset.unwrap().to_owned() + part,
            (_, Some(path)) => path.to_owned(),
            (other, None) => panic!("the test cannot read the route {other}"),
        };
        // `get(one).patch(patch)`: what is before a parenthesis, after a point or a blank.
        let calls =
            handlers.split('(').filter_map(|call| call.rsplit(['.', ' ', '\n', ')']).next());
        let methods: Vec<_> = calls.filter(|call| METHODS.contains(call)).collect();
        assert!(!methods.is_empty(), "the test finds no method of {path}");
        found.extend(methods.iter().map(|method| format!("{method} {}", nameless(&path))));
    }
    found
}

/// Every operation of the document, by method and path.
fn operations(document: &Value) -> BTreeMap<String, &Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let members = item.as_object().unwrap().iter();
        let operations = members.filter(|(name, _)| METHODS.contains(&name.as_str()));
        operations
            .map(move |(method, operation)| (format!("{method} {}", nameless(path)), operation))
    });
    operations.collect()
}

/// Does something with every object of a JSON value.
fn each_object<'a>(value: &'a Value, seen: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            seen(object);
            object.values().for_each(|value| each_object(value, seen));
        }
        Value::Array(items) => items.iter().for_each(|value| each_object(value, seen)),
        _ => {}
    }
}

/// What a reference leads to.
fn resolved<'a>(document: &'a Value, reference: &str) -> &'a Value {
    let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

#[test]
fn the_routes_are_those_of_the_document() {
    let mut known = Routes::new();
    for source in SOURCES {
        let found = routes(&read(source));
        assert!(!found.is_empty(), "no routes in {source}");
        known.extend(found);
    }
    let document = document();
    let described: Routes = operations(&document).into_keys().collect();
    assert_eq!(known, described, "routes of the sources, and those of openapi.json");
}

#[test]
fn references_lead_somewhere_and_components_are_used() {
    let document = document();
    let mut used = BTreeSet::new();
    each_object(&document, &mut |object| {
        if let Some(Value::String(reference)) = object.get("$ref") {
            resolved(&document, reference);
            used.insert(reference.clone());
        }
    });
    for (kind, components) in document["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            let reference = format!("#/components/{kind}/{name}");
            assert!(used.contains(&reference), "nothing refers to {reference}");
        }
    }
}

#[test]
fn operations_are_complete() {
    let document = document();
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<_> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut names = BTreeSet::new();
    for (route, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty() && names.insert(name), "{route}: operationId {name:?}");
        let of: Vec<_> = operation["tags"].as_array().unwrap().iter().collect();
        assert!(of.len() == 1 && of[0].as_str().is_some_and(|tag| tags.contains(tag)), "{route}");
        assert!(operation["summary"].is_string(), "{route} has no summary");
        let responses = operation["responses"].as_object().unwrap();
        let success = responses.iter().find(|(status, _)| status.starts_with('2'));
        let contents = success.unwrap().1["content"].as_object().unwrap();
        assert!(!contents.is_empty(), "{route} has no content");
        for (kind, content) in contents {
            let described = content.get("schema").or_else(|| content.get("example"));
            assert!(described.is_some(), "{route}: {kind} has neither schema nor example");
        }
    }
}

#[test]
fn parameters_are_complete() {
    let document = document();
    let items = document["paths"].as_object().unwrap();
    for (path, item) in items {
        for (method, operation) in item.as_object().unwrap() {
            let none = Vec::new();
            let parameters = operation["parameters"].as_array().unwrap_or(&none).iter();
            let parameters: Vec<_> = parameters
                .map(|one| one["$ref"].as_str().map_or(one, |to| resolved(&document, to)))
                .collect();
            let mut in_path = BTreeSet::new();
            for parameter in parameters {
                let name = parameter["name"].as_str().unwrap();
                let at = format!("{method} {path}: {name}");
                assert!(parameter["description"].is_string(), "{at} has no description");
                let schema = &parameter["schema"];
                let list = schema["type"] == "array";
                assert!(
                    !list || parameter["explode"] == false,
                    "{at}: its items are joined by commas"
                );
                assert!(
                    schema["type"].is_string() || schema["$ref"].is_string(),
                    "{at} has no type"
                );
                if parameter["in"] == "path" {
                    assert_eq!(parameter["required"], true, "{at}");
                    in_path.insert(name);
                }
            }
            let named = path.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
            assert_eq!(in_path, named.collect(), "{method} {path}: parameters of the path");
        }
    }
}
