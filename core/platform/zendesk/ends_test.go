package zendesk_test

import (
	"testing"
	"time"

	"deskward/core"
	"deskward/core/platform/zendesk"
)

func TestZendeskNamesTheEndsOfAPITokensAndOfClientsWithoutRefresh(t *testing.T) {
	t.Parallel()
	checked := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	late := time.Date(2027, 4, 20, 10, 0, 0, 0, time.UTC)
	for name, one := range map[string]struct {
		summary core.Summary
		want    map[string]string
	}{
		"API token, never checked": {core.Summary{Grant: core.GrantAPIToken, HasCredential: true}, map[string]string{"zendesk.api-token-ends": "2027-04-30"}},
		"API token, used":          {core.Summary{Grant: core.GrantAPIToken, CheckedAt: checked, CheckOK: true}, map[string]string{"zendesk.api-token-ends": "2027-04-30", "zendesk.api-token-idle": "2026-12-20"}},
		"API token, refused":       {core.Summary{Grant: core.GrantAPIToken, CheckedAt: checked}, map[string]string{"zendesk.api-token-ends": "2027-04-30"}},
		"API token, used at last":  {core.Summary{Grant: core.GrantAPIToken, CheckedAt: late, CheckOK: true}, map[string]string{"zendesk.api-token-ends": "2027-04-30"}},
		"OAuth without refresh":    {core.Summary{Grant: core.GrantCode, HasAccess: true}, map[string]string{"zendesk.refresh-needed": "2027-04-01"}},
		"OAuth with refresh":       {core.Summary{Grant: core.GrantCode, HasAccess: true, HasRefresh: true}, nil},
		"OAuth before consent":     {core.Summary{Grant: core.GrantCode}, nil},
		"Conversations key":        {core.Summary{Grant: core.GrantAppKey, HasCredential: true, CheckedAt: checked, CheckOK: true}, nil},
	} {
		got := zendesk.Platform().Ends(one.summary)
		if len(got) != len(one.want) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, e := range got {
			if one.want[e.Code] != e.At.Format(time.DateOnly) {
				t.Errorf("%s: %s at %v", name, e.Code, e.At)
			}
		}
	}
}
