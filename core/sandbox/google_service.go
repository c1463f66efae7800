package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// googleServiceAccount is the key of the double's one service account.
type googleServiceAccount struct {
	key   *rsa.PrivateKey
	keyID string
	pem   string
}

// newGoogleServiceAccount makes a key. It takes a while, so it is made when
// it is first wanted.
func newGoogleServiceAccount() (googleServiceAccount, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return googleServiceAccount{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return googleServiceAccount{}, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return googleServiceAccount{key, random(20), string(block)}, nil
}

// GoogleServiceAccountFile is the JSON key file of the double's service
// account.
func (sb *Sandbox) GoogleServiceAccountFile() ([]byte, error) {
	g := sb.google
	account, err := g.serviceAccount()
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{
		"type": "service_account", "project_id": "acme-internal", "private_key_id": account.keyID, "private_key": account.pem,
		"client_email": g.fix.ServiceAccount, "client_id": g.fix.ServiceAccountID,
		"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
		"auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
		"client_x509_cert_url":        "https://www.googleapis.com/robot/v1/metadata/x509/" + strings.ReplaceAll(g.fix.ServiceAccount, "@", "%40"),
		"universe_domain":             "googleapis.com",
	})
}

// GoogleDelegate is the Admin console's page of domain-wide delegation: what
// stands there as client ID, and its scopes. No scopes: the entry is removed.
func (sb *Sandbox) GoogleDelegate(clientID string, scopes ...string) {
	g := sb.google
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.delegated, clientID)
	if len(scopes) > 0 {
		g.delegated[clientID] = slices.Clone(scopes)
	}
}

// The reasons that Google's page on service accounts lists.
const (
	googleNotDelegated = "Unauthorized client or scope in request."
	googleWrongEntry   = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."
	googleShortLived   = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
	googleBadScope     = "Invalid OAuth scope or ID token audience provided."
)

// googleRefusal is an error of the token endpoint.
type googleRefusal struct {
	status      int
	code, words string
}

func refusedBearer(code, words string) *googleRefusal {
	status := http.StatusBadRequest
	switch code {
	case "unauthorized_client", "invalid_client", "disabled_client", "deleted_client":
		status = http.StatusUnauthorized
	}
	return &googleRefusal{status, code, words}
}

// bearerGrant trades a service account's assertion (RFC 7523).
func (g *google) bearerGrant(w http.ResponseWriter, r *http.Request) {
	claims, refused := g.verify(r.PostForm.Get("assertion"))
	var grant *googleGrant
	if refused == nil {
		grant, refused = g.act(claims)
	}
	if refused != nil {
		oauthError(w, refused.status, refused.code, refused.words)
		return
	}
	g.answerToken(w, grant, false)
}

type googleClaims struct {
	Scope string `json:"scope"`
	jwt.RegisteredClaims
}

// verify checks signature, audience and times of an assertion.
func (g *google) verify(assertion string) (*googleClaims, *googleRefusal) {
	account, err := g.serviceAccount()
	if err != nil {
		return nil, refusedBearer("internal_failure", "Backend Error")
	}
	errKey := errors.New("unknown key")
	claims := &googleClaims{}
	_, err = jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation()).ParseWithClaims(assertion, claims, func(t *jwt.Token) (any, error) {
		if kid, _ := t.Header["kid"].(string); kid != "" && kid != account.keyID {
			return nil, errKey
		}
		return &account.key.PublicKey, nil
	})
	now := g.sb.clock.Now()
	const reasonable = 5 * time.Minute
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return nil, refusedBearer("invalid_grant", "Invalid JWT: Failed to parse.")
	case claims.Issuer != g.fix.ServiceAccount:
		return nil, refusedBearer("invalid_grant", "Invalid JWT: No valid verifier found for issuer")
	case err != nil:
		return nil, refusedBearer("invalid_grant", "Invalid JWT Signature.")
	case !slices.Contains(claims.Audience, g.base.oauth2+"/token") && !slices.Contains(claims.Audience, "https://oauth2.googleapis.com/token"):
		return nil, refusedBearer("invalid_grant", "Invalid JWT: Failed audience check.")
	case claims.IssuedAt == nil || claims.ExpiresAt == nil,
		claims.IssuedAt.After(now.Add(reasonable)), !claims.ExpiresAt.After(now),
		claims.ExpiresAt.Sub(claims.IssuedAt.Time) > time.Hour+reasonable, claims.ExpiresAt.After(now.Add(time.Hour + reasonable)):
		return nil, refusedBearer("invalid_grant", googleShortLived)
	}
	return claims, nil
}

// act decides whether the service account may act as the subject: the table of
// Google's page on service accounts.
func (g *google) act(claims *googleClaims) (*googleGrant, *googleRefusal) {
	scopes := strings.Fields(claims.Scope)
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return !knownGoogleScope(s) }) {
		return nil, refusedBearer("invalid_scope", googleBadScope)
	}
	project := g.clients[g.fix.InternalClientID].project
	grant := &googleGrant{service: true, project: project, scopes: scopes, made: g.sb.clock.Now()}
	if g.disabled {
		return nil, refusedBearer("disabled_client", "The OAuth client was disabled.")
	}
	if claims.Subject == "" { // it acts as itself, which has no mailbox
		return grant, nil
	}
	account := g.account(claims.Subject)
	entry, delegated := g.delegated[g.fix.ServiceAccountID]
	_, byAddress := g.delegated[g.fix.ServiceAccount]
	has := func(s string) bool { return slices.Contains(entry, s) }
	switch {
	case !strings.Contains(claims.Subject, "@"):
		return nil, refusedBearer("invalid_request", "Invalid impersonation \"sub\" field: "+claims.Subject)
	case account == nil || account.gone:
		return nil, refusedBearer("invalid_grant", "Invalid email or User ID")
	case account.org == "":
		return nil, refusedBearer("unauthorized_client", googleWrongEntry)
	case !delegated && byAddress, delegated && !slices.ContainsFunc(scopes, has):
		return nil, refusedBearer("unauthorized_client", googleWrongEntry)
	case !delegated:
		return nil, refusedBearer("unauthorized_client", googleNotDelegated)
	case slices.ContainsFunc(scopes, func(s string) bool { return !has(s) }):
		return nil, refusedBearer("access_denied", "Requested client not authorized.")
	case g.policyForbids(account, g.fix.ServiceAccountID, scopes):
		return nil, refusedBearer("admin_policy_enforced", "Your administrator has not allowed access to the requested services.")
	}
	grant.account = account
	return grant, nil
}
