<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * One website, store group or store view.
 *
 * @api
 */
interface ScopeNodeInterface
{
    /**
     * What it is: website, group or store.
     *
     * @return string
     */
    public function getType(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setType(?string $value): self;

    /**
     * Its code.
     *
     * @return string
     */
    public function getCode(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setCode(?string $value): self;

    /**
     * Its name.
     *
     * @return string|null
     */
    public function getName(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setName(?string $value): self;

    /**
     * Website of a group, group of a store view.
     *
     * @return string|null
     */
    public function getParentCode(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setParentCode(?string $value): self;

    /**
     * Position.
     *
     * @return int|null
     */
    public function getSortOrder(): ?int;

    /**
     * Set it.
     *
     * @param int|null $value
     * @return $this
     */
    public function setSortOrder(?int $value): self;

    /**
     * Whether a store view is open.
     *
     * @return bool|null
     */
    public function getIsActive(): ?bool;

    /**
     * Set it.
     *
     * @param bool|null $value
     * @return $this
     */
    public function setIsActive(?bool $value): self;

    /**
     * Whether it is what its parent falls back to.
     *
     * @return bool|null
     */
    public function getIsDefault(): ?bool;

    /**
     * Set it.
     *
     * @param bool|null $value
     * @return $this
     */
    public function setIsDefault(?bool $value): self;

    /**
     * Root category of a group.
     *
     * @return int|null
     */
    public function getRootCategoryId(): ?int;

    /**
     * Set it.
     *
     * @param int|null $value
     * @return $this
     */
    public function setRootCategoryId(?int $value): self;

    /**
     * Number that the shop gave it.
     *
     * @return int|null
     */
    public function getId(): ?int;

    /**
     * Set it.
     *
     * @param int|null $value
     * @return $this
     */
    public function setId(?int $value): self;

    /**
     * What was done: created, updated, unchanged or repaired.
     *
     * @return string|null
     */
    public function getStatus(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setStatus(?string $value): self;
}
