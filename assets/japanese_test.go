package assets_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notOurWords are words that another one stands for in deskward's Japanese:
// one word for each thing, on every screen, in every guide and every advice.
func notOurWords() map[string]string {
	return map[string]string{
		"保管庫": "ストア", "ベンダー": "提供元", "プラットフォーム": "サービス", "報告書": "レポート", "認可方式": "取得方法",
		"グラント": "取得方法", "引き換え": "交換", "機密情報": "秘密情報", "秘密の値": "秘密情報", "ターミナル": "端末",
		"取り消": "失効", "接続の名前": "連携の名前", "接続を追加": "連携を追加",
		"接続を削除": "連携を削除", "（": "(", "）": ")", "：": ":",
	}
}

func TestJapaneseUsesOneWordForEachThingAndSpacesLatinOff(t *testing.T) {
	t.Parallel()
	japanese := regexp.MustCompile(`[\x{3005}\x{3040}-\x{30ff}\x{4e00}-\x{9fff}]`)
	unspaced := regexp.MustCompile(`[\x{3005}\x{3040}-\x{30ff}\x{4e00}-\x{9fff}][A-Za-z0-9(]|[A-Za-z0-9)][\x{3005}\x{3040}-\x{30ff}\x{4e00}-\x{9fff}]`)
	values := regexp.MustCompile(`\{\{[^}]*\}\}|\$\{[^}]*\}|\\n`)
	theirs := regexp.MustCompile(`^  (match|alone|unless|needs): `) // what a page of theirs says, in its words
	var names []string
	for _, pattern := range []string{"locales/*.ja.json", "guides/*.yaml", "advice/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(raw), "\n") {
			if !japanese.MatchString(line) || theirs.MatchString(line) {
				continue
			}
			for word, ours := range notOurWords() {
				if strings.Contains(line, word) {
					t.Errorf("%s:%d: %s, say %s: %s", name, i+1, word, ours, strings.TrimSpace(line))
				}
			}
			if at := unspaced.FindString(values.ReplaceAllString(line, " ")); at != "" {
				t.Errorf("%s:%d: no space in %q: %s", name, i+1, at, strings.TrimSpace(line))
			}
		}
	}
}
