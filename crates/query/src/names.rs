//! Names to properties and control properties, and near names for the ones that are neither.

use filedex_model::{AttributePath, Property};

use crate::assign::Control;
use crate::error::{ErrorKind, Fault, listed, shortened};
use crate::syntax::Path;

/// What a path names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// A property of records.
    Property(Property),
    /// A property of the query itself.
    Control(Control),
}

/// What `path` names. Names of properties are known in any case; attribute names are data and
/// must match exactly.
pub(crate) fn target(path: &Path) -> Result<Target, Fault> {
    if path.names[0].eq_ignore_ascii_case("Attributes") {
        return attribute(path).map(Target::Property);
    }
    let name = path.names.join(".");
    if let Some(control) = Control::named(&name) {
        return Ok(Target::Control(control));
    }
    let property = Property::NAMED
        .into_iter()
        .find(|property| property.name().is_some_and(|known| known.eq_ignore_ascii_case(&name)));
    property.map(Target::Property).ok_or_else(|| unknown(path, &name))
}

fn attribute(path: &Path) -> Result<Property, Fault> {
    let names = &path.names[1..];
    if names.is_empty() {
        let message = "`Attributes` is followed by the name of an attribute";
        return Err(Fault::new(ErrorKind::UnknownProperty, message)
            .at(path.span)
            .help("write Attributes.width or Attributes.'focal length'"));
    }
    // U+0001 parts the names in the indexes, so it can be part of none.
    if names.iter().any(|name| name.contains('\u{1}')) {
        let message = "the name of an attribute cannot contain the character U+0001";
        return Err(Fault::new(ErrorKind::UnknownProperty, message).at(path.span));
    }
    Ok(Property::Attribute(AttributePath::new(names)))
}

fn unknown(path: &Path, name: &str) -> Fault {
    let message = format!("unknown property `{}`", shortened(&path.text));
    let fault = Fault::new(ErrorKind::UnknownProperty, message).at(path.span);
    let near = near_names(name);
    if near.is_empty() {
        return fault
            .help(format!("a custom attribute is written `Attributes.{}`", shortened(&path.text)));
    }
    fault.help(format!("did you mean {}?", listed(&near, " or ")))
}

/// Up to three known names close to `name`: a few edits away, or the name with a part missing.
fn near_names(name: &str) -> Vec<&'static str> {
    /// A name longer than this is no slip of the pen; comparing it would only cost time.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return Vec::new();
    }
    let wanted = name.to_ascii_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &'static str)> = known_names()
        .filter_map(|known| {
            let candidate = known.to_ascii_lowercase();
            let edits = strsim::damerau_levenshtein(&wanted, &candidate);
            let part = wanted.len() >= 4 && candidate.contains(&wanted);
            (edits <= allowed || part).then_some((edits, known))
        })
        .collect();
    near.sort_by_key(|(edits, _)| *edits);
    // One edit is a slip: whatever is further away is not what was meant.
    let slip = near.first().is_some_and(|(edits, _)| *edits == 1);
    near.into_iter()
        .filter(|(edits, _)| !slip || *edits == 1)
        .take(3)
        .map(|(_, name)| name)
        .collect()
}

fn known_names() -> impl Iterator<Item = &'static str> {
    let properties = Property::NAMED.into_iter().filter_map(|property| property.name());
    properties.chain(Control::EVERY.into_iter().map(Control::name))
}
