package record

import (
	"context"
	"slices"

	"portico/internal/store"
)

// NameSender keeps what people call a source.
func NameSender(ctx context.Context, tx *store.Tx, source, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO record_source (source, name) VALUES ($1, $2) ON CONFLICT (source) DO UPDATE SET name = excluded.name`, source, store.Clean(name))
	return err
}

// Senders gives what people call sources. One that nobody named is called what the
// operator called it on the command line.
func Senders(ctx context.Context, tx *store.Tx, sources ...string) (map[string]string, error) {
	out := map[string]string{}
	slices.Sort(sources)
	for part := range slices.Chunk(slices.Compact(sources), 200) {
		var args []any
		for _, s := range part {
			out[s] = s
			args = append(args, s)
		}
		if _, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
			var source, name string
			err := r.Scan(&source, &name)
			out[source] = name
			return struct{}{}, err
		}, `SELECT source, name FROM record_source WHERE source IN (`+store.In(1, len(args))+`)`, args...); err != nil {
			return nil, err
		}
	}
	return out, nil
}
