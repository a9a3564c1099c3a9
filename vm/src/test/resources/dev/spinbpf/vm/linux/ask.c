// Asks the running Linux: loads each program of the given objects alone, runs it once on CPU 0, and prints object, program,
// R0 and what is in the maps afterwards. Needs root and libbpf: cc -O2 ask.c -lbpf -lelf -lz -o ask
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_KEYS 4096

static int key_size;

static int compare(const void *a, const void *b)
{
	return memcmp(*(void *const *)a, *(void *const *)b, key_size);
}

static void hex(const unsigned char *bytes, int size)
{
	for (int i = 0; i < size; i++)
		printf("%02x", bytes[i]);
}

static int is_percpu(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int is_shown(enum bpf_map_type type, const char *name)
{
	if (strstr(name, ".rodata") || strstr(name, ".data.") || strstr(name, ".kconfig"))
		return 0;
	switch ((int)type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case 35: // BPF_MAP_TYPE_RHASH
		return 1;
	default:
		return 0;
	}
}

static void show(struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);
	int fd = bpf_map__fd(map), value_size = bpf_map__value_size(map), stride = (value_size + 7) & ~7, count = 0;
	unsigned char *value = calloc(libbpf_num_possible_cpus(), stride);
	static void *keys[MOST_KEYS];
	void *previous = NULL;

	if (type == BPF_MAP_TYPE_QUEUE || type == BPF_MAP_TYPE_STACK) {
		for (; !bpf_map_lookup_and_delete_elem(fd, NULL, value); hex(value, value_size))
			printf(count++ ? "," : "");
		return;
	}
	key_size = bpf_map__key_size(map);
	for (; count < MOST_KEYS; previous = keys[count++]) {
		keys[count] = malloc(key_size);
		if (bpf_map_get_next_key(fd, previous, keys[count]))
			break;
	}
	qsort(keys, count, sizeof(*keys), compare);
	for (int i = 0; i < count; i++) {
		int error = bpf_map_lookup_elem(fd, keys[i], value);

		printf(i ? "," : "");
		hex(keys[i], key_size);
		printf("=");
		if (type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS)
			printf(error ? "-" : "map");
		else if (error)
			printf("E%d", -error);
		else
			for (int cpu = 0; cpu < (is_percpu(type) ? libbpf_num_possible_cpus() : 1); cpu++) {
				printf(cpu ? "/" : "");
				hex(value + cpu * stride, value_size);
			}
	}
}

static void run(const char *path, const char *name)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program, *chosen = NULL;
	const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char data[64] = {}, separator = '\t';
	struct bpf_map *map;

	bpf_object__for_each_program(program, object) {
		int is_chosen = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, is_chosen || !strncmp(file, "tails", 5));
		chosen = is_chosen ? program : chosen;
	}
	if (bpf_object__load(object)) {
		printf("%s\t%s\trefused\t\n", file, name);
		return;
	}
	int has_data = bpf_program__type(chosen) != BPF_PROG_TYPE_SYSCALL;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = has_data ? data : NULL, .data_size_in = has_data ? sizeof(data) : 0,
		    .repeat = has_data);
	if (bpf_prog_test_run_opts(bpf_program__fd(chosen), &opts))
		printf("%s\t%s\tE%d", file, name, errno);
	else
		printf("%s\t%s\t%d", file, name, (int)opts.retval);
	bpf_object__for_each_map(map, object) {
		if (is_shown(bpf_map__type(map), bpf_map__name(map))) {
			printf("%c%s{", separator, bpf_map__name(map));
			show(map);
			printf("}");
			separator = ';';
		}
	}
	printf("\n");
	bpf_object__close(object);
}

int main(int argc, char **argv)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	printf("# object\tprogram\tr0\tmaps\n");
	for (int i = 1; i < argc; i++) {
		struct bpf_object *object = bpf_object__open_file(argv[i], NULL);
		struct bpf_program *program;

		bpf_object__for_each_program(program, object)
			run(argv[i], bpf_program__name(program));
		bpf_object__close(object);
	}
	return 0;
}
