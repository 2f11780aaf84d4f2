//! Cursors: those that must be refused, and those that go on over writes.

use std::collections::BTreeSet;

use filedex::{
    Cursor, ErrorKind, FileId, Filter, Order, Property, Query, Reader, SortBy, StatusFilter, Test,
};
use filedex_testkit::oracle::{PlainVersion, Refusal, World, ranking_texts};
use filedex_testkit::script::{CursorFault, Listing, Nearby, Place};

use super::by_meaning::near_query;
use super::play::{Compared, Player, kind, unexpected};
use super::questions::query_of;

/// The cursor of the second page with its fault, and the query it is used with.
fn faulty(listing: &Listing, cursor: &Cursor, fault: CursorFault) -> (Query, Cursor) {
    let (text, mut other) = (cursor.as_str(), listing.clone());
    let mut given = text.to_owned();
    match fault {
        CursorFault::Changed(at) => {
            // A cursor is of ASCII letters, so a byte of it is a character.
            let at = at % text.len();
            let letter = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            given.replace_range(at..=at, letter);
        }
        CursorFault::Cut(by) => given.truncate(text.len() - 1 - by % text.len()),
        CursorFault::OtherFilter => {
            other.filter =
                Filter::and([listing.filter.clone(), Filter::test(Property::Uri, Test::Has)]);
            if other.filter == listing.filter {
                other.filter = Filter::test(Property::Uri, Test::Has);
            }
        }
        CursorFault::OtherOrder => {
            let by_size = Some((SortBy::DataSize, Order::Asc));
            let back = Some((SortBy::DataSize, Order::Desc));
            other.sort = if listing.sort == by_size { back } else { by_size };
        }
        CursorFault::OtherStatus => {
            other.status = match listing.status {
                StatusFilter::Active => StatusFilter::Deleted,
                StatusFilter::Deleted => StatusFilter::All,
                StatusFilter::All => StatusFilter::Active,
            };
        }
    }
    (query_of(&other), Cursor::new(given))
}

impl Player {
    pub(super) fn compare_bad_cursor(
        &mut self,
        reader: &Reader,
        world: &World,
        at: &Place,
        listing: &Listing,
        fault: CursorFault,
    ) -> Compared {
        let Some(version) = world.seat(at).and_then(|seat| self.refs.get(&seat).cloned()) else {
            return Ok(());
        };
        let first = reader.list(&version, &query_of(listing).limit(listing.pages));
        let agreed = self.agreed("page one", first, world.version(at))?;
        let Some(cursor) = agreed.and_then(|(page, _)| page.next) else { return Ok(()) };
        let (query, given) = faulty(listing, &cursor, fault);
        let second = reader.list(&version, &query.limit(listing.pages).after(given));
        self.agreed("a bad cursor", second, Err::<(), _>(Refusal::BadCursor)).map(drop)
    }

    /// Page one of the reader that is kept, the others of a new one: a field's order repeats and
    /// loses nothing that stayed as it was, and a ranking that is gone is refused.
    pub(super) fn compare_across(&mut self, at: &Place, listing: &Listing) -> Compared {
        let Some((kept, before)) = self.held.clone() else { return Ok(()) };
        let (Some(then), Ok(old)) = (before.seat(at), before.version(at)) else { return Ok(()) };
        let version = self.refs[&then].clone();
        let query = query_of(listing).limit(listing.pages);
        let first = kept.list(&version, &query).map_err(unexpected("page one"))?;
        let Some(mut cursor) = first.next else { return Ok(()) };
        let mut ids: Vec<FileId> = first.hits.iter().map(|hit| hit.record.id).collect();
        let (reader, world) = (self.reader()?, self.world.clone());
        let mut versions = world.datasets().iter().flat_map(|dataset| &dataset.versions);
        let Some(new) = versions.find(|version| version.seat == then) else {
            let gone = reader.list(&version, &query.after(cursor));
            return self
                .agreed("of a version gone", gone, Err::<(), _>(Refusal::NotFound))
                .map(drop);
        };
        if !ranking_texts(&listing.filter).is_empty() && listing.sort.is_none() {
            let next = reader.list(&version, &query.after(cursor));
            if old.files != new.files {
                return self.agreed("stale", next, Err::<(), _>(Refusal::StaleCursor)).map(drop);
            }
            return Ok(());
        }
        loop {
            let page = reader.list(&version, &query.clone().after(cursor));
            let page = page.map_err(unexpected("a later page"))?;
            self.same("page one's total", &page.total, &first.total)?;
            ids.extend(page.hits.iter().map(|hit| hit.record.id));
            match page.next {
                Some(next) if ids.len() < 10_000 => cursor = next,
                _ => break,
            }
        }
        self.compare_untouched(listing, old, new, &ids)
    }

    pub(super) fn compare_across_near(&mut self, at: &Place, nearby: &Nearby) -> Compared {
        let Some((kept, before)) = self.held.clone() else { return Ok(()) };
        let (Some(then), Ok(old)) = (before.seat(at), before.version(at)) else { return Ok(()) };
        let version = self.refs[&then].clone();
        let query = near_query(nearby)?.limit(nearby.among.pages);
        let first = kept.list(&version, &query);
        let agreed = self.agreed("page one", first, old.near(nearby))?;
        let Some(cursor) = agreed.and_then(|(page, _)| page.next) else { return Ok(()) };
        let (reader, world) = (self.reader()?, self.world.clone());
        let mut versions = world.datasets().iter().flat_map(|dataset| &dataset.versions);
        let new = versions.find(|version| version.seat == then);
        let spaces = |version: &PlainVersion| {
            let all = version.spaces.iter();
            all.map(|space| (space.space.name.clone(), space.vectors.clone())).collect::<Vec<_>>()
        };
        // Where nothing is to be seen of a change there may have been one all the same.
        let refusal = match new {
            None => Refusal::NotFound,
            Some(new) if new.files == old.files && spaces(new) == spaces(old) => return Ok(()),
            Some(new) => match new.near(nearby) {
                Err(refusal) => refusal,
                Ok(_) => Refusal::StaleCursor,
            },
        };
        let next = reader.list(&version, &query.after(cursor)).map_err(|error| error.kind());
        // Another vector or space under the same name makes it a cursor of another question.
        let got = match next.err() {
            Some(ErrorKind::BadCursor) if refusal == Refusal::StaleCursor => {
                Some(ErrorKind::StaleCursor)
            }
            got => got,
        };
        self.same("the error of a ranking that is gone", &got, &Some(kind(refusal)))
    }

    fn compare_untouched(
        &mut self,
        listing: &Listing,
        old: &PlainVersion,
        new: &PlainVersion,
        ids: &[FileId],
    ) -> Compared {
        let same = |id: &FileId| new.files.get(*id) == old.files.get(*id);
        let filter = (self.belief)(listing).filter.at(listing.now);
        let expected = match &listing.sort {
            Some((by, order)) => old.files.list(&filter, listing.status, by, *order),
            None => old.files.newest_first(&filter, listing.status),
        };
        let expected: Vec<FileId> = expected.into_iter().filter(same).collect();
        let wanted: BTreeSet<&FileId> = expected.iter().collect();
        let untouched: Vec<FileId> = ids.iter().filter(|id| wanted.contains(id)).copied().collect();
        self.same("what nobody touched, over writes", &untouched, &expected)
    }
}
