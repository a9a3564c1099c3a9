/* Each kind of CO-RE relocation, a program each; core_target.bpf.c has the types that they meet. */
#include "common.h"

enum mode { MODE_A = 1, MODE_B = 2 };
enum mode___gone { MODE_C = 3 };

struct part {
	int x;
	u32 array[4];
} __core;

struct moved {
	int first;
	u64 second;
	int bits : 5;
	struct part part;
	u64 shrinks;
	int grows_signed;
	int removed;
} __core;

struct same {
	int a;
	struct part *part;
} __core;

struct missing {
	int a;
} __core;


SEC("raw_tp") int offset_load(struct moved *m) { return m->second; }
SEC("raw_tp") int offset_store(struct moved *m) { m->first = 1; return 0; }
SEC("raw_tp") int offset_array(struct moved *m) { return m->part.array[2]; }
SEC("raw_tp") int offset_resized(struct moved *m) { return m->shrinks; }
SEC("raw_tp") int offset_signed(struct moved *m) { return m->grows_signed; }
SEC("raw_tp") int offset_removed(struct moved *m) { return m->removed; }
SEC("raw_tp") int byte_size(struct moved *m) { return __builtin_preserve_field_info(m->part, 1); }
SEC("raw_tp") int exists(struct moved *m) { return __builtin_preserve_field_info(m->second, 2); }
SEC("raw_tp") int exists_not(struct moved *m) { return __builtin_preserve_field_info(m->removed, 2); }
SEC("raw_tp") int is_signed(struct moved *m) { return __builtin_preserve_field_info(m->first, 3); }
SEC("raw_tp") int lshift(struct moved *m) { return __builtin_preserve_field_info(m->bits, 4); }
SEC("raw_tp") int rshift(struct moved *m) { return __builtin_preserve_field_info(m->bits, 5); }
SEC("raw_tp") int type_local(void *m) { return __builtin_btf_type_id(*(struct part *)0, 0); }
SEC("raw_tp") int type_target(void *m) { return __builtin_btf_type_id(*(struct part *)0, 1); }
SEC("raw_tp") int type_exists(void *m) { return __builtin_preserve_type_info(*(struct moved *)0, 0); }
SEC("raw_tp") int type_exists_not(void *m) { return __builtin_preserve_type_info(*(struct missing *)0, 0); }
SEC("raw_tp") int type_size(void *m) { return __builtin_preserve_type_info(*(struct moved *)0, 1); }
SEC("raw_tp") int type_matches(void *m) { return __builtin_preserve_type_info(*(struct same *)0, 2); }
SEC("raw_tp") int type_matches_not(void *m) { return __builtin_preserve_type_info(*(struct moved *)0, 2); }
SEC("raw_tp") int enum_exists(void *m) { return __builtin_preserve_enum_value(*(typeof(enum mode) *)MODE_B, 0); }
SEC("raw_tp") int enum_value(void *m) { return __builtin_preserve_enum_value(*(typeof(enum mode) *)MODE_B, 1); }
SEC("raw_tp") int enum_exists_not(void *m)
{
	return __builtin_preserve_enum_value(*(typeof(enum mode___gone) *)MODE_C, 0);
}
SEC("raw_tp") int missing_field(struct missing *m) { return m->a; }

char _license[] SEC("license") = "GPL";
