/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that a test makes in a temporary folder, with an engine in it, for the groups of the audit. */
#ifndef BULKHEAD_TESTS_VERIFY_SCENE_H
#define BULKHEAD_TESTS_VERIFY_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "config.h"
#include "engine_facts.h"
#include "verify.h"

#define PID 100
#define INFO_REGISTRIES                                                                                                \
	"\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\",\"::1/"                                        \
	"128\"],\"IndexConfigs\":{\"docker.io\":{\"Name\":\"docker.io\",\"Secure\":true}}}"
/* What a stock engine says of itself. */
#define INFO                                                                                                           \
	"{\"DockerRootDir\":\"/var/lib/docker\"," INFO_REGISTRIES                                                      \
	",\"SecurityOptions\":[\"name=seccomp,profile=default\"]}"

struct scene {
	char root[64];
	struct verify verify;
	pid_t peer; /* who listens at the engine's socket; 0: nobody knows */
	struct host host;
	struct inventory inventory;
	struct network network, *networks[1];
	struct docker_version version;
	struct docker_info info;
};

int scene_enter(void **state);
int scene_leave(void **state);

/* The path beneath the scene's root, with the folders above it. */
const char *scene_path(struct scene *scene, const char *path, char text[512]);
void scene_put_bytes(struct scene *scene, const char *path, const char *bytes, size_t length);
void scene_put(struct scene *scene, const char *path, const char *text);
void scene_link(struct scene *scene, const char *path, const char *target);
void scene_folder(struct scene *scene, const char *path);
void scene_drop(struct scene *scene, const char *path);
void scene_mode(struct scene *scene, const char *path, mode_t mode);

/* As whom the process acts, and in how many PID namespaces below the host's it lives. */
void scene_user(struct scene *scene, int pid, unsigned user, unsigned depth);

/* The mount namespace of a process. */
void scene_mounts(struct scene *scene, int pid, const char *name);

/* A process with this command line, its words separated by a blank, that has just started, and holds no socket. */
void scene_process(struct scene *scene, int pid, const char *command);

/* The engine, with its pidfile. */
void scene_engine(struct scene *scene, const char *command);

/* It listens on a port of 0.0.0.0. */
void scene_listen(struct scene *scene, unsigned port);

/* It listens on a unix socket. */
void scene_listen_unix(struct scene *scene, const char *path);

/* info: what the engine answers; NULL: it does not.  Everything that was found before is forgotten. */
void scene_judge(struct scene *scene, const char *info, void (*judge)(struct verify *, const struct engine_facts *));

/* The finding of that check, about that subject (NULL: whatever). */
const struct verify_finding *scene_finding(const struct scene *scene, const char *id, const char *subject);
size_t scene_count(const struct scene *scene, const char *id);

/* Every finding says what was seen, and a bad one what to do. */
void scene_expect_about(const struct scene *scene, const char *id, const char *subject, enum verify_status status,
			const char *part);
void scene_expect(const struct scene *scene, const char *id, enum verify_status status, const char *part);

#endif
