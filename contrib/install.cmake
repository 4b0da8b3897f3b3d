# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` puts where.  The configuration directory, /etc/bulkhead, is the administrator's: nothing is
# installed there.

# Texts name places below /usr.  The prefix decides where these places are: the one of `cmake --install --prefix`, too.
foreach(place BINDIR DATADIR DOCDIR)
	cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_${place} BASE_DIRECTORY "\${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE BULKHEAD_${place})
endforeach()
install(CODE "
	set(BULKHEAD_TEXTS \"${CMAKE_BINARY_DIR}/install\")
	set(BULKHEAD_BINDIR \"${BULKHEAD_BINDIR}\")
	set(BULKHEAD_DATADIR \"${BULKHEAD_DATADIR}\")
	set(BULKHEAD_DOCDIR \"${BULKHEAD_DOCDIR}\")
")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/install-texts.cmake)

install(TARGETS bulkhead RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# lib, not CMAKE_INSTALL_LIBDIR: systemd looks for units in no architecture's own directory.
install(FILES ${CMAKE_BINARY_DIR}/install/bulkhead.service ${CMAKE_BINARY_DIR}/install/bulkhead-verify.service
	${CMAKE_CURRENT_LIST_DIR}/bulkhead-verify.timer DESTINATION lib/systemd/system)
install(FILES ${CMAKE_BINARY_DIR}/install/bulkhead.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completion/bulkhead.bash
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME bulkhead)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/bulkhead
	FILES_MATCHING PATTERN "*.json")
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_CURRENT_LIST_DIR}/docs/ruleset.nft DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${CMAKE_BINARY_DIR}/install/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
install(FILES ${CMAKE_CURRENT_LIST_DIR}/bulkhead.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/flows DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
	FILES_MATCHING PATTERN "*.json")
