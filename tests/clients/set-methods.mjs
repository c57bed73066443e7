// What gitlab-ci-local takes from Node 22, where it runs on an older one.
const methods = {
  union(other) {
    return new Set([...this, ...other.keys()]);
  },
  intersection(other) {
    return new Set([...this].filter((each) => other.has(each)));
  },
  difference(other) {
    return new Set([...this].filter((each) => !other.has(each)));
  },
  isSubsetOf(other) {
    return [...this].every((each) => other.has(each));
  },
};
for (const [name, method] of Object.entries(methods)) Set.prototype[name] ??= method;
