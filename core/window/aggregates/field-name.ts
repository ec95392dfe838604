/** A field as it stands in kinds and messages: bare where it is an identifier, else quoted, so that no two look alike. */
export function fieldName(field: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(field) ? field : JSON.stringify(field)
}
