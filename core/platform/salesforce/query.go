package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"deskward/core"
)

// pages is how many pages of a query's answer are read at most; a page has up
// to 2,000 records.
const pages = 5

// query reads all records of a SOQL query into a slice.
func query[T any](ctx context.Context, c *client, tried, soql string) ([]T, error) {
	const below = "/services/data/"
	next, q := below+"v"+apiVersion+"/query", url.Values{"q": {soql}}
	var out []T
	for range pages {
		a, err := c.do(ctx, call{tried: tried, method: http.MethodGet, path: next, query: q})
		if err != nil {
			return nil, err
		}
		var page struct {
			Done    *bool  `json:"done"`
			Next    string `json:"nextRecordsUrl"`
			Records []T    `json:"records"`
		}
		if err := a.Decode(hostOf(c.base), &page); err != nil {
			return nil, err
		}
		if page.Done == nil {
			return nil, c.malformed(tried, a)
		}
		out = append(out, page.Records...)
		if *page.Done {
			return out, nil
		}
		if !strings.HasPrefix(page.Next, below) || strings.ContainsAny(page.Next, "?#\\") || strings.Contains(page.Next, "..") {
			return nil, c.malformed(tried, a)
		}
		next, q = page.Next, nil
	}
	return nil, &core.Error{Tried: tried, On: c.conn.Name, Code: "salesforce.too-many", Class: core.Failed}
}

// quote writes a text as a SOQL literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
}
