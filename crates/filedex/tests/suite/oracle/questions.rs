//! Questions by filter, in the query language and in typed fields; counts, scans, statistics.

use filedex::{
    Aggregate, Cursor, FileId, ListOptions, ListedFile, Page, Property, Query, QueryType, Reader,
    SortBy, TagMatch, VersionRef, limits,
};
use filedex_testkit::oracle::{PlainVersion, Refusal, World, ranking_texts};
use filedex_testkit::script::{Listing, Place, Question, Typed};

use super::play::{Compared, Player, unexpected};

/// Files that are asked for their reasons, of each answer.
pub const REASONED: usize = 3;

/// The query of a listing but for its pages.
pub fn query_of(listing: &Listing) -> Query {
    let query = Query::filter(listing.filter.clone()).status(listing.status).at(listing.now);
    match &listing.sort {
        Some((by, order)) => query.sort(by.clone(), *order),
        None => query,
    }
}

impl Player {
    pub(super) fn ask(&mut self, at: &Place, held: bool, question: &Question) -> Compared {
        let kept = self.held.clone().filter(|_| held);
        let (reader, world) = match kept {
            Some(kept) => kept,
            None => (self.reader()?, self.world.clone()),
        };
        match question {
            Question::Records => self.compare_records(&reader, &world, at),
            Question::Catalog => self.compare_catalog(&reader, &world),
            Question::List(listing) => self.compare_listing(&reader, &world, at, listing),
            Question::Typed(typed) => self.compare_typed(&reader, &world, at, typed),
            Question::Lines => self.compare_lines(&world, at),
            Question::Near(nearby) => self.compare_near(&reader, &world, at, nearby),
            Question::Statistics(listing) => self.compare_statistics(&reader, &world, at, listing),
            Question::Cursor(listing, fault) => {
                self.compare_bad_cursor(&reader, &world, at, listing, *fault)
            }
            Question::Across(listing) => self.compare_across(at, listing),
            Question::AcrossNear(nearby) => self.compare_across_near(at, nearby),
        }
    }

    pub(super) fn compare_listing(
        &mut self,
        reader: &Reader,
        world: &World,
        at: &Place,
        listing: &Listing,
    ) -> Compared {
        let Some(version) = world.seat(at).and_then(|seat| self.refs.get(&seat).cloned()) else {
            return Ok(());
        };
        let query = query_of(listing);
        self.compare_text(&query, listing)?;
        let plain = world.version(at).cloned();
        let texts = ranking_texts(&listing.filter);
        let relevance = matches!(listing.sort, Some((SortBy::Relevance, _)));
        let wanted = plain.clone().and_then(|plain| {
            let pages = (1..=limits::PAGE_ITEMS).contains(&listing.pages);
            let ordered = !relevance || !texts.is_empty();
            if pages && ordered { Ok(plain) } else { Err(Refusal::BadInput) }
        });
        let first = reader.list(&version, &query.clone().limit(listing.pages));
        let Some((_, plain)) = self.agreed("list", first, wanted)? else { return Ok(()) };

        let believed = (self.belief)(listing);
        let filter = believed.filter.at(listing.now);
        let ranked = !texts.is_empty() && (relevance || listing.sort.is_none());
        let expected: Vec<(FileId, Option<f32>)> = match &believed.sort {
            _ if ranked => {
                let ranked = plain.files.ranked(&filter, listing.status, &texts).into_iter();
                ranked.map(|(id, score)| (id, Some(score))).collect()
            }
            Some((by, order)) => {
                let ids = plain.files.list(&filter, listing.status, by, *order).into_iter();
                ids.map(|id| (id, None)).collect()
            }
            None => {
                let ids = plain.files.newest_first(&filter, listing.status).into_iter();
                ids.map(|id| (id, None)).collect()
            }
        };
        let found = self.walk(listing.pages, expected.len() as u64, |cursor| {
            page(reader, &version, &query, listing, cursor)
        })?;
        for hit in &found {
            let plain = plain.files.get(hit.record.id);
            self.same("a record on a page", &Some(&hit.record), &plain)?;
        }
        let found: Vec<_> = found.iter().map(|hit| (hit.record.id, hit.score)).collect();
        self.same("the files in order, with their scores", &found, &expected)?;
        self.compare_extras(reader, &version, &query, listing, &expected, &plain)?;
        let count = reader.count(&version, &query).map_err(unexpected("count"))?;
        self.same("count", &count, &(expected.len() as u64))?;
        let scanned = scan(reader, &version, &query)?;
        let mut sorted: Vec<FileId> = expected.iter().map(|(id, _)| *id).collect();
        sorted.sort_unstable();
        self.same("the files of a scan", &scanned, &sorted)
    }

    /// Explaining and highlighting change no answer, and files say whether they are in it.
    fn compare_extras(
        &mut self,
        reader: &Reader,
        version: &VersionRef,
        query: &Query,
        listing: &Listing,
        expected: &[(FileId, Option<f32>)],
        plain: &PlainVersion,
    ) -> Compared {
        let told = query.clone().limit(listing.pages).explain().highlight();
        let page = reader.list(version, &told).map_err(unexpected("explained"))?;
        let ids: Vec<FileId> = page.hits.iter().map(|hit| hit.record.id).collect();
        let first = expected.iter().take(listing.pages as usize).map(|(id, _)| *id);
        self.same("an explained page", &ids, &first.collect())?;
        self.same("an explanation", &page.explanation.is_some(), &true)?;
        for record in plain.files.records().iter().rev().take(REASONED) {
            let why = reader.why(version, query, &record.id).map_err(unexpected("why"))?;
            let place = expected.iter().position(|(id, _)| *id == record.id);
            let got = (why.is_hit(), why.reasons().is_empty(), why.total);
            let wanted = (place.is_some(), place.is_some(), expected.len() as u64);
            self.same("why a file is a hit, or is not", &got, &wanted)?;
        }
        Ok(())
    }

    /// The canonical text of a query is a query that is equal.
    fn compare_text(&mut self, query: &Query, listing: &Listing) -> Compared {
        let text = query.to_string();
        let parsed = Query::parse(&text).map_err(unexpected(&text))?;
        self.same(&format!("parsing {text}"), &parsed.at(listing.now), query)
    }

    /// The hits on all pages. Every page is full but the last, and tells the total.
    pub(super) fn walk(
        &mut self,
        pages: u32,
        total: u64,
        page: impl Fn(Option<Cursor>) -> Result<Page, String>,
    ) -> Result<Vec<ListedFile>, String> {
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = page(cursor)?;
            self.same("the total", &page.total, &total)?;
            let (before, most) = (found.len() as u64, u64::from(pages));
            found.extend(page.hits);
            let here = found.len() as u64 - before;
            let wanted = (total.saturating_sub(before).min(most), total > before + most);
            self.same("hits on a page, and a next one", &(here, page.next.is_some()), &wanted)?;
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// A question in typed fields, every page of it.
    fn compare_typed(
        &mut self,
        reader: &Reader,
        world: &World,
        at: &Place,
        typed: &Typed,
    ) -> Compared {
        let Some(version) = world.seat(at).and_then(|seat| self.refs.get(&seat).cloned()) else {
            return Ok(());
        };
        let ask = |cursor: Option<Cursor>| {
            let query = Query::from_options(&options_of(typed, cursor))?;
            reader.list(&version, &query)
        };
        let pages = typed.pages.unwrap_or(limits::PAGE_DEFAULT);
        let fits = (1..=limits::PAGE_ITEMS).contains(&pages);
        let wanted = world
            .version(at)
            .and_then(|plain| if fits { Ok(plain) } else { Err(Refusal::BadInput) });
        let Some((_, plain)) = self.agreed("typed", ask(None), wanted)? else { return Ok(()) };
        let (filter, status) = (typed.filter(), typed.status.unwrap_or_default());
        let expected = match &typed.sort {
            Some((by, order)) => plain.files.list(&filter, status, by, *order),
            None => plain.files.newest_first(&filter, status),
        };
        let found = self.walk(pages, expected.len() as u64, |cursor| {
            ask(cursor).map_err(unexpected("a page of typed fields"))
        })?;
        let ids: Vec<FileId> = found.iter().map(|hit| hit.record.id).collect();
        self.same("the files of typed fields", &ids, &expected)
    }

    pub(super) fn compare_statistics(
        &mut self,
        reader: &Reader,
        world: &World,
        at: &Place,
        listing: &Listing,
    ) -> Compared {
        let groups = [
            (Aggregate::FileDir, Property::FileDir),
            (Aggregate::FileType, Property::FileType),
            (Aggregate::TagsUser, Property::TagsUser),
            (Aggregate::TagsAi, Property::TagsAi),
            (Aggregate::TagsAll, Property::TagsAll),
            (Aggregate::TagsUserDeleteAi, Property::TagsUserDeleteAi),
        ];
        let Some(version) = world.seat(at).and_then(|seat| self.refs.get(&seat).cloned()) else {
            return Ok(());
        };
        let query = Query::filter(listing.filter.clone()).status(listing.status).at(listing.now);
        for (by, property) in groups {
            let got = reader.statistics(&version, by, &query);
            let agreed = self.agreed("statistics", got, world.version(at))?;
            let Some((got, plain)) = agreed else { continue };
            let got: Vec<_> = got.into_iter().map(|g| (g.key, g.count as usize)).collect();
            let filter = (self.belief)(listing).filter.at(listing.now);
            let wanted = plain.files.facets(&property, &filter, listing.status);
            self.same(&format!("statistics by {property}"), &got, &wanted)?;
        }
        Ok(())
    }
}

/// One page; the whole of the question in the query language where the listing says so.
pub fn page(
    reader: &Reader,
    version: &VersionRef,
    query: &Query,
    listing: &Listing,
    cursor: Option<Cursor>,
) -> Result<Page, String> {
    let query = if listing.text {
        // The text ends with the status at least, so an OR stands in parentheses.
        let next = cursor.map(|cursor| format!(" AND NextToken = '{cursor}'")).unwrap_or_default();
        let text = format!("{query} AND MaxResults = {}{next}", listing.pages);
        Query::parse(&text).map_err(unexpected(&text))?.at(listing.now)
    } else {
        let query = query.clone().limit(listing.pages);
        match cursor {
            Some(cursor) => query.after(cursor),
            None => query,
        }
    };
    reader.list(version, &query).map_err(|error| format!("a page of {query}: {error}"))
}

fn options_of(typed: &Typed, cursor: Option<Cursor>) -> ListOptions {
    let Typed { all, any, none, .. } = typed.clone();
    ListOptions {
        ids: typed.ids.iter().map(FileId::to_string).collect(),
        query_type: typed.tag.as_ref().map(|_| QueryType::Tag),
        query_text: typed.tag.clone(),
        tags: TagMatch { all, any, none },
        file_name: typed.name.clone(),
        file_dir: typed.dir.clone(),
        file_types: typed.types.clone(),
        content_types: typed.content_types.clone(),
        start_file_update_time: typed.updated.0,
        end_file_update_time: typed.updated.1,
        start_tag_update_time: typed.tagged.0,
        end_tag_update_time: typed.tagged.1,
        sort_by: typed.sort.as_ref().map(|(by, _)| by.clone()),
        order: typed.sort.as_ref().map(|(_, order)| *order),
        status: typed.status,
        max_results: typed.pages,
        next_token: cursor,
        ..ListOptions::default()
    }
}

/// The ids of a scan, ascending.
pub fn scan(reader: &Reader, version: &VersionRef, query: &Query) -> Result<Vec<FileId>, String> {
    let scanned = reader.scan(version, query).map_err(unexpected("scan"))?;
    let ids = scanned.map(|record| record.map(|record| record.id));
    let mut ids = ids.collect::<Result<Vec<_>, _>>().map_err(unexpected("scan"))?;
    ids.sort_unstable();
    Ok(ids)
}
