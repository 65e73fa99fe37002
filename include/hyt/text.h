/* SPDX-License-Identifier: MIT */
/*
 * text.h - tokens, steps and answers
 *
 * A tokenizer (from a Hugging Face tokenizer.json) turns UTF-8 text into ids
 * and ids into bytes.  A trace is cut into steps and a final answer.  Nothing
 * here knows of models or records: byte spans and token spans go out.
 */
#ifndef HYT_TEXT_H
#define HYT_TEXT_H

#include "hyt/base.h"

/* --- tokenizer ------------------------------------------------------------ */

struct hyt_tok; /* immutable after loading; may be shared by threads */

/* From the bytes of tokenizer.json and, where there is one, of
 * tokenizer_config.json (NULL, 0: none; used for bos/eos names and
 * add_bos_token).  What is not supported is an error that names it.  NULL on
 * error. */
struct hyt_tok *hyt_tok_load(const char *json, size_t n, const char *config,
                             size_t n_config, struct hyt_err *err) HYT_MUST_USE;
void hyt_tok_free(struct hyt_tok *tok);

int32_t hyt_tok_vocab(const struct hyt_tok *tok); /* largest id + 1 */
int32_t hyt_tok_find(const struct hyt_tok *tok, const char *piece); /* or -1 */
bool hyt_tok_exists(const struct hyt_tok *tok, int32_t id); /* has a token */
bool hyt_tok_special(const struct hyt_tok *tok, int32_t id);
int32_t hyt_tok_bos(const struct hyt_tok *tok); /* -1: there is none */

/* The token as the vocabulary spells it, and how many bytes that is (n may be
 * NULL); there is a NUL behind it.  NULL where there is no such token. */
const char *hyt_tok_piece(const struct hyt_tok *tok, int32_t id, size_t *n);

enum hyt_tok_mode {
    HYT_TOK_START = 1,   /* the text starts a sequence: the post-processor's
                           special tokens (BOS), and the dummy prefix */
    HYT_TOK_SPECIAL = 2, /* special tokens in the text are parsed as such */
    HYT_TOK_BARE = 4,    /* with START: without the post-processor's tokens */
    HYT_TOK_LATER = 8,   /* with START: not the first stretch of the text */
    HYT_TOK_OPEN = 16    /* with START: without those that end a sequence */
};

struct hyt_ids32 {
    int32_t *id;
    size_t n, cap;
};
void hyt_ids32_put(struct hyt_ids32 *ids, int32_t id);
void hyt_ids32_free(struct hyt_ids32 *ids);

/* Appends the ids of text.  mode 0: a continuation, no BOS and no dummy
 * prefix.  The text must be valid UTF-8 (may hold NUL). */
int hyt_tok_encode(const struct hyt_tok *tok, const char *text, size_t n,
                   unsigned mode, struct hyt_ids32 *ids,
                   struct hyt_err *err) HYT_MUST_USE;

/*
 * The same for text of two origins: special tokens are parsed where user[i]
 * is 0, and are plain text where any byte of theirs has user[i] = 1.  mode: 0,
 * or HYT_TOK_START | HYT_TOK_BARE, with HYT_TOK_LATER or without.
 */
int hyt_tok_encode_mixed(const struct hyt_tok *tok, const char *text,
                         const unsigned char *user, size_t n, unsigned mode,
                         struct hyt_ids32 *ids,
                         struct hyt_err *err) HYT_MUST_USE;

/*
 * Appends the exact bytes of one token (may be part of a character; special
 * tokens have none unless `special`).  `first`: the token starts a sequence,
 * so that the dummy prefix space is dropped; of a tokenizer without decoder,
 * whose words have a space between, only where *out is empty.
 */
int hyt_tok_bytes(const struct hyt_tok *tok, int32_t id, bool first,
                  bool special, struct hyt_buf *out,
                  struct hyt_err *err) HYT_MUST_USE;

/*
 * Decodes a completion (not the start of a sequence): bytes that are no
 * UTF-8, and NUL, are written as U+FFFD (one for each maximal bad part, as
 * Unicode recommends); ends[i] is the length of the text after token i where
 * all of that token's bytes that are settled by then have been written: the
 * offsets never fall and end at text.n.
 */
int hyt_tok_decode(const struct hyt_tok *tok, const int32_t *ids, size_t n,
                   struct hyt_buf *text, int32_t *ends,
                   struct hyt_err *err) HYT_MUST_USE;

/* Appends bytes as text in the same manner: at the end all of them, else those
 * that no more bytes could change.  Returns how many that were. */
size_t hyt_text_put(struct hyt_buf *text, const char *bytes, size_t n,
                    bool end);

/* --- steps ---------------------------------------------------------------- */

enum hyt_step_kind {
    HYT_STEP_LINE,
    HYT_STEP_SENTENCE,
    HYT_STEP_REGEX, /* the match is the delimiter, and belongs to the step */
    HYT_STEP_TOKENS /* every n tokens; needs ends */
};

struct hyt_stepper;

#define HYT_STEP_SPECS "line|sentence|regex:RE|tokens:N"

/* By one of these specifications.  NULL on error. */
struct hyt_stepper *hyt_stepper_new(const char *spec,
                                    struct hyt_err *err) HYT_MUST_USE;
void hyt_stepper_free(struct hyt_stepper *s);
enum hyt_step_kind hyt_stepper_kind(const struct hyt_stepper *s);

/*
 * Cuts text[0..limit) into steps: appends the end offset of each step to
 * `ends`.  Every step has a character that is not white space (blank lines
 * join the step before them; leading ones the first); steps tile the text from
 * 0 to the last end.  token_ends/n_tokens are only read by tokens:N.
 */
struct hyt_ends {
    size_t *end;
    size_t n, cap;
};
void hyt_ends_free(struct hyt_ends *ends);

int hyt_stepper_cut(const struct hyt_stepper *s, const char *text, size_t limit,
                    const int32_t *token_ends, size_t n_tokens,
                    struct hyt_ends *ends, struct hyt_err *err) HYT_MUST_USE;

/* --- answers -------------------------------------------------------------- */

struct hyt_answerer;

#define HYT_ANSWER_SPECS "auto|hash|boxed|phrase|choice|last-number|regex:RE"

/* By one of these specifications: phrase: "The answer is …"; regex: group 1,
 * else the whole match; auto tries hash, boxed, phrase, choice, last-number, in
 * that order.  NULL on error. */
struct hyt_answerer *hyt_answerer_new(const char *spec,
                                      struct hyt_err *err) HYT_MUST_USE;
void hyt_answerer_free(struct hyt_answerer *a);

/*
 * Finds the final answer: the last one in the text.  marker: where the answer
 * statement starts (the "####", the "\boxed{", the sentence "The answer
 * is"): steps end before it.  begin..end: the answer itself, white space
 * trimmed.  1 found, 0 none, -1 a regular expression gave up.
 */
struct hyt_answer {
    size_t marker, begin, end;
};
int hyt_answerer_find(const struct hyt_answerer *a, const char *text, size_t n,
                      struct hyt_answer *found,
                      struct hyt_err *err) HYT_MUST_USE;

/* The default elicitation text of the format for a prefix that ends where no
 * statement stands ("\n#### " …); "auto" gives that of hash. */
const char *hyt_answerer_elicit(const struct hyt_answerer *a);

/*
 * Steps in tokens, from steps in bytes: step i's last token is the one that
 * completes its last byte (the token that completes the delimiter belongs to
 * the step).  token_end[i] = number of tokens up to the end of step i.
 */
void hyt_steps_to_tokens(size_t *token_end, const size_t *byte_end,
                         size_t n_steps, const int32_t *ends, size_t n_tokens);

/* Tokens [*begin, *end) that overlap the bytes [b0, b1). */
void hyt_bytes_to_tokens(size_t *begin, size_t *end, size_t b0, size_t b1,
                         const int32_t *ends, size_t n_tokens);

#endif
