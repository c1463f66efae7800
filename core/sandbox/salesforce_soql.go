package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
)

// soqlPage is how many records an answer has: few, so that clients must go on
// to the next page.
const soqlPage = 2

// row is one record; field names as Salesforce spells them.
type row map[string]any

// table is one object of the org.
type table struct {
	fields []string
	rows   []row
}

// tables are the objects that can be queried. Those of Email-to-Case exist only
// where it is on.
func (s *salesforce) tables() map[string]table {
	t := map[string]table{
		"Organization": {[]string{"Id", "Name", "IsSandbox"}, []row{{"Id": s.fix.OrgID, "Name": "Acme", "IsSandbox": false}}},
		"OrgWideEmailAddress": {
			[]string{"Id", "Address", "DisplayName", "IsVerified", "Purpose"},
			[]row{{"Id": "0D25g0000000001AAA", "Address": "news@acme.example", "DisplayName": "News", "IsVerified": true, "Purpose": "UserSelection"}},
		},
		"OauthToken": {[]string{"Id", "AppName", "UserId", "LastUsedDate", "UseCount"}, nil},
	}
	if s.setup.WideVerified {
		w := t["OrgWideEmailAddress"]
		w.rows = append(w.rows, row{"Id": "0D25g0000000002AAA", "Address": s.fix.Mailbox, "DisplayName": "Support", "IsVerified": true, "Purpose": "UserSelectionAndDefaultNoReply"})
		t["OrgWideEmailAddress"] = w
	}
	if !s.setup.Enabled {
		return t
	}
	routes := table{fields: []string{"Id", "Address", "PersonalName", "EmailServicesAddressId"}}
	addresses := table{fields: []string{"Id", "LocalPart", "EmailDomainName", "IsActive", "AuthorizedSenders", "DkimRequiredDomains", "RunAsUserId", "FunctionId"}}
	functions := table{fields: []string{"Id", "FunctionName", "IsActive", "IsAuthenticationRequired", "OverLimitAction", "AuthorizationFailureAction"}}
	for i, r := range s.setup.Routes {
		n := strconv.Itoa(i + 1)
		routes.rows = append(routes.rows, row{"Id": "0Lk5g000000000" + n + "AAA", "Address": r.Address, "PersonalName": nil, "EmailServicesAddressId": "0935g000000000" + n + "AAA"})
		addresses.rows = append(addresses.rows, row{
			"Id": "0935g000000000" + n + "AAA", "LocalPart": r.Local, "EmailDomainName": r.Domain, "IsActive": !r.Inactive, "AuthorizedSenders": text(r.Senders),
			"DkimRequiredDomains": text(r.DKIM), "RunAsUserId": "0055g00000sandAAA", "FunctionId": "0915g000000000" + n + "AAA",
		})
		functions.rows = append(functions.rows, row{
			"Id": "0915g000000000" + n + "AAA", "FunctionName": "EmailToCase", "IsActive": !r.FunctionInactive, "IsAuthenticationRequired": r.Checked,
			"OverLimitAction": "UseSystemDefault", "AuthorizationFailureAction": "UseSystemDefault",
		})
	}
	t["EmailRoutingAddress"], t["EmailServicesAddress"], t["EmailServicesFunction"] = routes, addresses, functions
	t["Case"], t["EmailMessage"] = s.cases()
	return t
}

// text is a field's value, null where it is empty.
func text(v string) any {
	if v == "" {
		return nil
	}
	return v
}

// cases are the mails that have become cases by now.
func (s *salesforce) cases() (cases, mails table) {
	cases.fields = []string{"Id", "CaseNumber", "Origin", "SuppliedEmail", "Subject", "CreatedDate"}
	mails.fields = []string{
		"Id", "ParentId", "Incoming", "FromAddress", "ToAddress", "Subject", "EmailRoutingAddressId", "MessageIdentifier", "ValidatedFromAddress", "CreatedDate",
	}
	for _, m := range s.mails {
		if s.sb.clock.Now().Before(m.at) {
			continue
		}
		id, at := fmt.Sprintf("5005g0000%06dAAA", m.number), m.at.UTC().Format("2006-01-02T15:04:05.000+0000")
		cases.rows = append(cases.rows, row{"Id": id, "CaseNumber": fmt.Sprintf("%08d", 1000+m.number), "Origin": "Email", "SuppliedEmail": m.from, "Subject": m.subject, "CreatedDate": at})
		mails.rows = append(mails.rows, row{
			"Id": fmt.Sprintf("02s5g0000%06dAAA", m.number), "ParentId": id, "Incoming": true, "FromAddress": m.from, "ToAddress": m.to, "Subject": m.subject,
			"EmailRoutingAddressId": "0Lk5g0000000001AAA", "MessageIdentifier": fmt.Sprintf("<%d@mail.acme.example>", m.number), "ValidatedFromAddress": m.from, "CreatedDate": at,
		})
	}
	return cases, mails
}

var (
	soqlShape  = core.Pattern(`(?is)^\s*SELECT\s+(.+?)\s+FROM\s+(\w+)(?:\s+WHERE\s+(.+?))?(?:\s+ORDER\s+BY\s+(\w+)(?:\s+(ASC|DESC))?)?(?:\s+LIMIT\s+(\d+))?\s*$`)
	soqlClause = core.Pattern(`(?is)^\s*(\w+)\s*(=|!=|LIKE)\s*('(?:[^'\\]|\\.)*'|true|false|null|LAST_N_DAYS:\d+|TODAY)\s*(?:(AND)\s+(.+))?$`)
)

// soqlError is what is wrong with a query.
type soqlError struct{ code, message string }

type condition struct {
	field, operator, value string
	quoted                 bool
}

// query answers a query, or a further page of one.
func (s *salesforce) query(w http.ResponseWriter, r *http.Request) {
	soql, from := r.URL.Query().Get("q"), 0
	if locator := r.PathValue("locator"); locator != "" {
		id, offset, _ := strings.Cut(locator, "-")
		n, err := strconv.Atoi(offset)
		kept, known := s.cursors[id]
		if err != nil || !known {
			salesforceError(w, http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
			return
		}
		soql, from = kept, n
	}
	rows, bad := s.selectRows(soql)
	if bad != nil {
		salesforceError(w, http.StatusBadRequest, bad.code, bad.message)
		return
	}
	to := min(from+soqlPage, len(rows))
	body := map[string]any{"totalSize": len(rows), "done": to == len(rows)}
	page := []row{}
	page = append(page, rows[min(from, to):to]...)
	if body["records"] = page; to < len(rows) {
		id := "01g5g" + random(6)
		s.cursors[id] = soql
		body["nextRecordsUrl"] = "/services/data/v" + salesforceVersion + "/query/" + id + "-" + strconv.Itoa(to)
	}
	writeJSON(w, http.StatusOK, body)
}

// selectRows runs a query.
func (s *salesforce) selectRows(soql string) (out []row, bad *soqlError) {
	m := soqlShape().FindStringSubmatch(soql)
	if m == nil {
		return nil, &soqlError{"MALFORMED_QUERY", "unexpected token: " + soql}
	}
	tables, object := s.tables(), ""
	for name := range tables {
		if strings.EqualFold(name, m[2]) {
			object = name
		}
	}
	if object == "" {
		return nil, &soqlError{"INVALID_TYPE", fmt.Sprintf("\n%s\n^\nERROR at Row:1:Column:1\nsObject type '%s' is not supported.", soql, m[2])}
	}
	t := tables[object]
	var fields []string
	for _, f := range strings.Split(m[1], ",") {
		known, ok := t.field(strings.TrimSpace(f))
		if !ok {
			return nil, noColumn(soql, f, object)
		}
		fields = append(fields, known)
	}
	conditions, bad := t.conditions(soql, object, m[3])
	if bad != nil {
		return nil, bad
	}
	rows := t.rows
	if m[4] != "" {
		by, ok := t.field(m[4])
		if !ok {
			return nil, noColumn(soql, m[4], object)
		}
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(fmt.Sprint(a[by]), fmt.Sprint(b[by])) })
		if strings.EqualFold(m[5], "DESC") {
			slices.Reverse(rows)
		}
	}
	limit, err := strconv.Atoi(m[6])
	if err != nil {
		limit = len(rows)
	}
	for _, candidate := range rows {
		if len(out) < limit && !slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(candidate, s.sb.clock.Now()) }) {
			picked := row{"attributes": map[string]string{"type": object, "url": "/services/data/v" + salesforceVersion + "/sobjects/" + object + "/" + fmt.Sprint(candidate["Id"])}}
			for _, f := range fields {
				picked[f] = candidate[f]
			}
			out = append(out, picked)
		}
	}
	return out, nil
}

func noColumn(soql, field, object string) *soqlError {
	return &soqlError{"INVALID_FIELD", fmt.Sprintf("\n%s\n^\nERROR at Row:1:Column:8\nNo such column '%s' on entity '%s'.", soql, strings.TrimSpace(field), object)}
}

func (t table) field(name string) (string, bool) {
	for _, f := range t.fields {
		if strings.EqualFold(f, name) {
			return f, true
		}
	}
	return "", false
}

func (t table) conditions(soql, object, where string) ([]condition, *soqlError) {
	var out []condition
	for where != "" {
		m := soqlClause().FindStringSubmatch(where)
		if m == nil {
			return nil, &soqlError{"MALFORMED_QUERY", "unexpected token: " + where}
		}
		field, ok := t.field(m[1])
		if !ok {
			return nil, noColumn(soql, m[1], object)
		}
		c := condition{field: field, operator: strings.ToUpper(m[2]), value: m[3], quoted: strings.HasPrefix(m[3], "'")}
		if c.quoted {
			c.value = regexp.MustCompile(`\\(.)`).ReplaceAllString(m[3][1:len(m[3])-1], "$1")
		}
		out = append(out, c)
		where = m[5]
	}
	return out, nil
}

func (c condition) holds(r row, now time.Time) bool {
	v := r[c.field]
	if days, ok := strings.CutPrefix(strings.ToUpper(c.value), "LAST_N_DAYS:"); ok && !c.quoted {
		n, err := strconv.Atoi(days)
		at, parseErr := time.Parse("2006-01-02T15:04:05.000-0700", fmt.Sprint(v))
		return err == nil && parseErr == nil && !at.Before(now.AddDate(0, 0, -n).Truncate(24*time.Hour))
	}
	same := strings.EqualFold(fmt.Sprint(v), c.value) || v == nil && c.value == "null" && !c.quoted
	switch c.operator {
	case "LIKE":
		pattern := strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(c.value))
		ok, err := regexp.MatchString("(?is)^"+pattern+"$", fmt.Sprint(v))
		return err == nil && ok
	case "!=":
		return !same
	}
	return same
}
