package action

// List is a list of choices by name, which the questions of several guides
// share. A platform gives it, as it gives its actions.
type List struct {
	Name    string // "zoho.data-centres": platform, dot, what is listed
	Choices []Choice
}

// Choice is one value of a list.
type Choice struct {
	Value string
	Text  string // key of its words in assets/locales
}
