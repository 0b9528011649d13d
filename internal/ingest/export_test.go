package ingest

import "context"

// Message takes one message in as a feed with this token, past its limits.
func (i *Door) Message(ctx context.Context, token, contentType string, body []byte) (Report, error) {
	f, err := i.known(ctx, token)
	if err != nil {
		return Report{}, err
	}
	return i.message(ctx, f, "test", body, readers[kindOf(contentType)])
}
