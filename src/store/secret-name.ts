// Anywhere in a name. "token" and "key" alone count at its end only: max_tokens, tokenizer and key_dim are
// hyper-parameters that a run must keep.
const SECRET_ANYWHERE = /secret|passw|passphrase|credential|signature|webhook|api[-_.]?key/i
const SECRET_AT_END = /(token|key|pwd|auth|bearer|sig)$/i

/** True where a name sounds as if its value must not reach a file. */
export const isSecretName = (name: string): boolean => SECRET_ANYWHERE.test(name) || SECRET_AT_END.test(name)
