-- +goose Up

-- Which records are joined to a person's: asked for each copy and link that is made.
CREATE INDEX record_home_person ON record_home (person_id);
