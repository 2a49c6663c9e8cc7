<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Exception\NoSuchEntityException;
use Magento\Store\Api\WebsiteRepositoryInterface;
use StoreController\Bridge\Api\Data\TableRateInterface;
use StoreController\Bridge\Api\Data\TableRatesResultInterface;
use StoreController\Bridge\Api\TableRatesInterface;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\TableRow;
use StoreController\Bridge\Core\TableRows;
use StoreController\Bridge\Model\Data\TableRate;
use StoreController\Bridge\Model\Data\TableRatesResult;
use StoreController\Bridge\Model\TableRates\Directory;
use StoreController\Bridge\Model\TableRates\Table;

/**
 * GET and PUT table-rates.
 */
class TableRatesService implements TableRatesInterface
{
    /**
     * @param Mutex $mutex
     * @param WebsiteRepositoryInterface $websites
     * @param Directory $directory
     * @param TableRows $rules
     * @param Table $table
     * @param Failures $failures
     */
    public function __construct(
        private readonly Mutex $mutex,
        private readonly WebsiteRepositoryInterface $websites,
        private readonly Directory $directory,
        private readonly TableRows $rules,
        private readonly Table $table,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function replace(string $website, string $condition, array $rows): TableRatesResultInterface
    {
        $websiteId = $this->websiteId($website, $condition);
        $given = array_map(static fn (TableRateInterface $row): array => [
            (string)$row->getCountry(),
            (string)$row->getRegion(),
            (string)$row->getPostcode(),
            (string)$row->getFrom(),
            (string)$row->getPrice(),
        ], array_values($rows));
        $checked = $this->rules->checked($given, $this->directory);
        if ($checked['errors'] !== []) {
            throw $this->failures->invalidRows($checked['errors'], count($given));
        }
        $wanted = $checked['rows'];
        $checksum = $this->rules->checksum($wanted);
        return $this->mutex->alone(function () use ($websiteId, $condition, $wanted, $checksum) {
            $same = $this->rules->checksum($this->table->read($websiteId, $condition)) === $checksum;
            if (!$same) {
                $this->table->write($websiteId, $condition, $wanted);
            }
            return new TableRatesResult(!$same, count($wanted), $checksum);
        });
    }

    /**
     * @inheritDoc
     */
    public function get(string $website, string $condition): array
    {
        $rows = $this->table->read($this->websiteId($website, $condition), $condition);
        return array_map(static fn (TableRow $row): TableRate => new TableRate(
            $row->country,
            $row->region,
            $row->postcode,
            $row->from,
            $row->price
        ), $rows);
    }

    /**
     * Finds the website, and refuses a condition that the carrier does not know.
     *
     * @param string $website
     * @param string $condition
     * @throws \Magento\Framework\Webapi\Exception
     */
    private function websiteId(string $website, string $condition): int
    {
        $errors = [];
        $id = 0;
        try {
            $id = $website === 'admin' ? 0 : (int)$this->websites->get($website)->getId();
        } catch (NoSuchEntityException) {
            $id = 0;
        }
        if ($id === 0) {
            $errors[] = (new Refusal('Website "%1" does not exist.', [$website]))->getMessage();
        }
        if (!in_array($condition, TableRows::CONDITIONS, true)) {
            $errors[] = (new Refusal('Unknown condition "%1".', [$condition]))->getMessage();
        }
        if ($errors !== []) {
            throw $this->failures->invalidTable($errors);
        }
        return $id;
    }
}
