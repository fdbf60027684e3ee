/*
 * What local data mean: the configuration's lines, the texts of hosts and lease files, and
 * what an earlier image held of a file, put into a builder under the right names. Pure.
 */
#ifndef LOCAL_LOCAL_GATHER_H
#define LOCAL_LOCAL_GATHER_H

#include <stddef.h>
#include <stdint.h>

struct conf;
struct conf_local;
struct conf_local_file;
struct local_builder;
struct local_image;

/** The host and cname lines. @retval 0; -ENOMEM */
int local_gather_conf(const struct conf *conf, struct local_builder *to);

/** A file's text.
 *  @param of     the block that names it
 *  @param now_s  wall clock; leases that ended are left out
 *  @retval -EPROTONOSUPPORT  not a file of that kind; -ENOMEM */
int local_gather_text(const struct conf *conf, const struct conf_local *of,
		      const struct conf_local_file *file, const char *text, size_t len,
		      int64_t now_s, struct local_builder *to);

/** What an image holds of a file; NULL: nothing. @retval 0; -ENOMEM */
int local_gather_old(const struct conf *conf, const struct conf_local_file *file,
		     const struct local_image *old, struct local_builder *to);

#endif
