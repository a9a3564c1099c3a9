/* Maps as they were declared before there was BTF. */
#include "common.h"

struct {
	u32 type, key_size, value_size, max_entries;
} old SEC("maps") = { 1, 4, 4, 1 };

SEC("socket") int use(void *ctx)
{
	u32 key = 0;

	return bpf_map_lookup_elem(&old, &key) != NULL;
}
