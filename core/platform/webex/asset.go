package webex

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// endpointAssets is the API's name in an endpoints file.
const endpointAssets = "assets"

// asset is what a record can do: be proven, and ask the API.
type asset struct {
	conn core.Connection
	env  platform.Env
	http *http.Client
	base string

	learned map[string]string
}

var (
	_ platform.Checker = (*asset)(nil)
	_ platform.Learner = (*asset)(nil)
)

func newAsset(c core.Connection, env platform.Env) *asset {
	host := "assetmanagement." + c.Region + ".webexconnect.io"
	return &asset{
		conn: c, env: env, http: env.HTTPClient(append(env.Endpoints.Hosts(ID), host)),
		base: env.Endpoints.Resolve(ID, endpointAssets, c.Region, "https://"+host+"/connectapi"),
	}
}

// Check proves the mailbox by the connection that the record names, as it is
// now; with a personal access token, after the API was asked whether it refuses
// that. Without such a connection there is nothing to ask: code webex.unproven,
// class Usage, so that it does not count as a refusal.
func (a *asset) Check(ctx context.Context) (core.Check, error) {
	learned := map[string]string{}
	if a.conn.Grant == core.GrantAPIToken {
		status, err := a.ask(ctx)
		if err != nil {
			return core.Check{}, err
		}
		learned[settingAPIStatus] = strconv.Itoa(status)
	}
	proof := a.conn.Settings[settingProof]
	if proof == "" || a.env.Checked == nil {
		return core.Check{}, &core.Error{Tried: "check", On: a.conn.Name, Code: "webex.unproven", Class: core.Usage}
	}
	other, err := a.env.Checked(ctx, proof)
	if err != nil {
		return core.Check{}, err
	}
	check := core.Check{OK: other.Check.OK, Code: other.Check.Code, Tried: other.Check.Tried, Params: other.Check.Params, Note: other.Check.Note, Calls: other.Check.Calls}
	mailbox := cmp.Or(a.conn.Settings[settingLogin], a.conn.Account)
	// A check notes whose mailbox it opened, where the vendor says it.
	if who := other.Check.Note; check.OK && strings.Contains(who, "@") && !strings.EqualFold(who, mailbox) {
		check.OK, check.Code = false, "webex.other-mailbox"
		check.Params = map[string]string{"mailbox": mailbox, "proven": who, "proof": other.Name}
	}
	learned[settingProof], learned[settingProofName] = other.ID, other.Name
	a.learned = learned
	return check, nil
}

// Learned implements platform.Learner: by which connection it was proven, under
// the name that it has now, and how the API answered.
func (a *asset) Learned() map[string]string { return a.learned }

// ask asks the Email asset API whether it refuses the token, by a GET at the
// path that is described for creating an asset. Only the creating is described
// there, so any other answer, also 404 and 405, says only that the token was not
// refused before it was looked at: the status is returned, and the body is not
// read into anything.
func (a *asset) ask(ctx context.Context) (status int, err error) {
	target := a.base + "/v2/digital/app?" + url.Values{"channel": {"email"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, &core.Error{Tried: "call", Code: "endpoints.bad", Class: core.Usage}
	}
	req.Header.Set("Authorization", "Bearer "+a.conn.Secrets[core.SecretAPIToken].Reveal())
	req.Header.Set("x-organization-id", a.conn.Settings[settingOrg])
	req.Header.Set("Accept", "application/json")
	answer, err := transport.Do(a.http, req)
	if err != nil {
		return 0, err
	}
	return answer.Status, a.refusal(answer)
}

// refusal is what an answer says against the token, or that it is no answer of
// the API at all; nil for any other.
func (a *asset) refusal(answer *transport.Answer) error {
	e := &core.Error{
		Tried: "check", On: a.conn.Name, Class: core.Failed,
		Params: map[string]string{"status": strconv.Itoa(answer.Status), "seconds": strconv.Itoa(int(answer.RetryAfter.Seconds()))},
	}
	switch s := answer.Status; {
	case s == http.StatusUnauthorized:
		e.Code, e.Class = "webex.token-refused", core.Refused
	case s == http.StatusForbidden:
		e.Code, e.Class = "webex.forbidden", core.Refused
	case s == http.StatusTooManyRequests:
		e.Code = "webex.throttled"
	case s >= http.StatusInternalServerError:
		e.Code = "webex.unavailable"
	case s >= 300 && s < 400, core.CodeOf(answer.Decode("", new(any))) == "vendor.html":
		e.Code = "webex.not-api"
	default:
		return nil
	}
	return e
}

// AdviceKeys returns every vendor code that this package's errors may carry:
// what assets/advice/webex.yaml must explain.
func AdviceKeys() []string {
	return []string{"webex.token-refused", "webex.forbidden", "webex.throttled", "webex.unavailable", "webex.not-api", "webex.other-mailbox"}
}
